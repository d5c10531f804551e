/** Characters a new password needs; the server has the last word. */
export const minimumLength = 15

/** Length as the server counts it: code points after NFC. */
export const passwordLength = (password: string) => [...password.normalize('NFC')].length

/** True when a password contains one of these words; those under four letters are too common to count. */
export function containsContext(password: string, words: readonly string[]): boolean {
  const folded = password.normalize('NFKC').toLowerCase()
  return words
    .flatMap((word) =>
      word
        .normalize('NFKC')
        .toLowerCase()
        .split(/[\s@.]+/),
    )
    .some((word) => word.length >= 4 && folded.includes(word))
}
