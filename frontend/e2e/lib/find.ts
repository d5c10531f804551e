// How tests of the window name an element.

/** A CSS selector, or one together with the text that the element shows. */
export type Where = string | { css: string; text: string }

/**
 * find runs in the page: the first visible element that is meant. With a text,
 * one that shows exactly it wins over one that only contains it.
 */
export function find(where: Where): HTMLElement | undefined {
  const { css, text } = typeof where === 'string' ? { css: where, text: '' } : where
  const squeeze = (words: string) => words.replace(/\s+/g, ' ').trim()
  const seen = [...document.querySelectorAll<HTMLElement>(css)].filter((element) => element.checkVisibility())
  return (
    seen.find((element) => text === '' || squeeze(element.innerText) === text) ??
    seen.find((element) => squeeze(element.innerText).includes(text))
  )
}

/** name says in an error message which element was meant. */
export const name = (where: Where): string =>
  typeof where === 'string' ? where : `${where.css} "${where.text}"`
