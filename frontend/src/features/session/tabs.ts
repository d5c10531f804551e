/** What the tabs of one browser tell each other about the session they share: a word, never a secret. */

import { remember } from '../../ui/memory'

const words = ['signed_in', 'signed_out', 'awake'] as const
export type Word = (typeof words)[number]

const place = 'gatehouse.tabs'
let told = 0

/** Tells every other tab of this browser. */
export function tell(word: Word) {
  // The same word twice must be a change, or nobody hears it the second time.
  remember('tabs', `${word} ${Date.now()}.${told++}`)
}

/** Calls `listen` with what other tabs tell; a tab does not hear itself. */
export function hear(listen: (word: Word) => void) {
  window.addEventListener('storage', ({ key, newValue }) => {
    const word = words.find((one) => newValue?.startsWith(`${one} `))
    if (key === place && word) listen(word)
  })
}
