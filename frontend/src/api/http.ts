import type { Transport } from './client'
import { noteServerTime } from './clock'
import { operations } from './operations.gen'
import { isProblemBody, Problem, unavailable } from './problem'

const timeoutMs = 30_000

/** Puts the fields of the input where the route wants them: path, query or JSON body. */
export function request(operation: keyof typeof operations, input: Record<string, unknown>) {
  const { method, path } = operations[operation]
  const rest = new Map(Object.entries(input))
  const route = path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = rest.get(name)
    if (value === undefined || value === '')
      throw new Problem({ code: 'invalid_request', detail: `${name} is missing.` })
    rest.delete(name)
    return encodeURIComponent(String(value))
  })
  if (method !== 'GET' && method !== 'DELETE') return { method, route, body: JSON.stringify(Object.fromEntries(rest)) }

  const query = new URLSearchParams()
  for (const [name, value] of rest) {
    if (value === undefined || value === null || value === '') continue
    for (const one of Array.isArray(value) ? value : [value]) query.append(name, String(one))
  }
  return { method, route: query.size > 0 ? `${route}?${query}` : route, body: undefined }
}

/** REST with the session cookie, which the page itself never sees. */
export function httpTransport(base: string): Transport {
  return {
    async send(operation, input) {
      const { method, route, body } = request(operation, input)
      let response: Response
      try {
        response = await fetch(base + route, {
          method,
          body,
          headers: body
            ? { 'Content-Type': 'application/json', Accept: 'application/json' }
            : { Accept: 'application/json' },
          credentials: 'same-origin',
          cache: 'no-store',
          redirect: 'error',
          signal: AbortSignal.timeout(timeoutMs),
        })
      } catch {
        throw unavailable()
      }
      noteServerTime(response.headers.get('Date'))
      const text = await response.text().catch(() => '')
      const parsed = parse(text)
      if (response.ok) {
        if (text && parsed === undefined) throw unavailable()
        return parsed ?? {}
      }
      throw new Problem({ status: response.status, ...(isProblemBody(parsed) ? parsed : fallback(response)) })
    },
  }
}

function fallback(response: Response) {
  const retryAfter = Number(response.headers.get('Retry-After')) || 0
  if (response.status === 429) return { code: 'too_many_attempts', retryAfter } as const
  if (response.status === 401) return { code: 'unauthenticated' } as const
  return { code: response.status >= 502 && response.status <= 504 ? 'unavailable' : 'internal' } as const
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
