/** Paths with places for values: `/users/:id` fits `/users/usr_1`. */

type Names<P extends string> = P extends `${string}/:${infer Name}/${infer Rest}`
  ? Name | Names<`/${Rest}`>
  : P extends `${string}/:${infer Name}`
    ? Name
    : never

/** The values a path gives for a pattern, by name. */
export type Values<P extends string> = Record<Names<P>, string>

/** The values in a path that fits the pattern; undefined for one that does not. */
export function match<P extends string>(pattern: P, path: string): Values<P> | undefined {
  const wanted = pattern.split('/')
  const parts = path.split('/')
  if (parts.length !== wanted.length) return undefined
  const values: Record<string, string> = {}
  for (const [i, want] of wanted.entries()) {
    const part = parts[i] ?? ''
    if (!want.startsWith(':')) {
      if (part !== want) return undefined
      continue
    }
    const value = decode(part)
    if (!value) return undefined
    values[want.slice(1)] = value
  }
  return values as Values<P>
}

/** The path that fits a pattern with these values. */
export const fill = <P extends string>(pattern: P, values: Values<P>): string =>
  pattern.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent((values as Record<string, string>)[name] ?? ''))

/** True for the path itself and for everything below it. */
export const isWithin = (path: string, place: string) => path === place || path.startsWith(`${place}/`)

function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return ''
  }
}
