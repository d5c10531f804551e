/** At most two letters that stand for a name: those of its first and last word. */
export function initials(name: string): string {
  const words = name.trim().split(/\s+/).filter(Boolean)
  const ends = words.length > 1 ? [words[0], words.at(-1)] : words
  const first = (word: string | undefined) => [...(word ?? '')].find((c) => /\p{L}|\p{N}/u.test(c)) ?? ''
  return ends.map(first).join('').toUpperCase() || '?'
}
