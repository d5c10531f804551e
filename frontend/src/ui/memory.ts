/** Small choices kept on this computer. A browser that refuses storage only loses the comfort. */

const name = (key: string) => `gatehouse.${key}`

export function recall(key: string): string | null {
  try {
    return localStorage.getItem(name(key))
  } catch {
    return null
  }
}

export function remember(key: string, value: string) {
  try {
    localStorage.setItem(name(key), value)
  } catch {
    // Private windows may refuse; the choice then lasts until the page is closed.
  }
}
