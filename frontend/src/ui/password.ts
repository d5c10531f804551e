/** Characters a new password needs; the server has the last word. */
export const minimumLength = 15
/** Characters it needs beside a second factor that cannot be given up. */
export const minimumWithFactor = 8

/** Length as the server counts it: code points after NFC. */
export const passwordLength = (password: string) => [...password.normalize('NFC')].length

const letters = (text: string) => [...text].filter((char) => /\p{L}/u.test(char)).length

/**
 * True when little more than these names is left of a password once they, digits
 * and symbols are taken away. A hint while one types: the server, which also
 * knows the lists, decides.
 */
export function madeOfNames(password: string, names: readonly string[]): boolean {
  const fold = (text: string) => text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase()
  const words = names
    .flatMap((name) => {
      const parts = fold(name).split(/[^\p{L}\p{N}]+/u)
      return [...parts, parts.join('')]
    })
    .filter((word) => [...word].length >= 3)
    .sort((a, b) => b.length - a.length)
  const folded = fold(password).replace(/[^\p{L}\p{N}]+/gu, '')
  const rest = words.reduce((text, word) => text.replaceAll(word, ' '), folded)
  return rest !== folded && letters(rest) <= 2
}
