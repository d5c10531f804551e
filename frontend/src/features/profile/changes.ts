/** What is different in `after`: only that is sent, so that nothing is overwritten that somebody else changed. */
export function changes<T extends Record<string, string>>(before: T, after: T): Partial<T> {
  const changed = Object.entries(after).filter(([name, value]) => value !== before[name])
  return Object.fromEntries(changed) as Partial<T>
}
