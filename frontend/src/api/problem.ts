import type { components } from './schema.gen'

export type ProblemCode = components['schemas']['Problem']['code']
export type ViolationCode = components['schemas']['Violation']['code']
export type Violation = components['schemas']['Violation']

/** A refusal or a failure of the server, in the one shape every face gives it (RFC 9457). */
export class Problem extends Error {
  readonly code: ProblemCode
  readonly status: number
  readonly violations: Violation[]
  /** Seconds until the same call may succeed; 0 when no limit is in force. */
  readonly retryAfter: number
  readonly requestId: string

  constructor(body: Partial<components['schemas']['Problem']>) {
    super(body.detail || body.title || 'The server gave no reason.')
    this.name = 'Problem'
    this.code = body.code ?? 'internal'
    this.status = body.status ?? 0
    this.violations = body.violations ?? []
    this.retryAfter = body.retryAfter ?? 0
    this.requestId = body.requestId ?? ''
  }
}

/** Nothing answered: no network, the server is gone, or the call took too long. */
export const unavailable = () => new Problem({ code: 'unavailable', detail: 'Gatehouse does not answer.' })

type Body = Partial<components['schemas']['Problem']>

/** Anything with a code in words: the server of this build or of a newer one made it. */
export const isProblemBody = (value: unknown): value is Body =>
  typeof value === 'object' && value !== null && 'code' in value && typeof value.code === 'string'

/**
 * Makes a problem out of whatever a transport threw. The window rejects with the
 * problem as a JSON string, sometimes wrapped in an Error.
 */
export function toProblem(thrown: unknown): Problem {
  if (thrown instanceof Problem) return thrown
  const raw = thrown instanceof Error ? thrown.message : thrown
  if (isProblemBody(raw)) return new Problem(raw)
  if (typeof raw === 'string') {
    try {
      const parsed: unknown = JSON.parse(raw)
      if (isProblemBody(parsed)) return new Problem(parsed)
    } catch {
      // Not JSON: the text itself is all there is.
    }
    return new Problem({ code: 'internal', detail: raw })
  }
  return new Problem({ code: 'internal' })
}
