import type { KeyOutcome } from '../../api/window'
import { KeyError, type KeyAnswer, type KeyFailure } from './way'

/** What the codes of the Desk's own client (internal/securitykey/native) are to a person. */
export const nativeFailures = {
  not_in_build: 'not_here',
  bad_options: 'failed',
  no_key: 'no_key',
  not_permitted: 'not_permitted',
  not_security_key: 'failed',
  busy: 'busy',
  unplugged: 'unplugged',
  not_registered: 'not_registered',
  already_registered: 'registered_already',
  // Nobody gave one: the ceremony was left.
  pin_needed: 'cancelled',
  pin_wrong: 'pin_wrong',
  pin_locked: 'pin_blocked_until_replugged',
  pin_blocked: 'pin_blocked',
  // Each is mended by giving the key a PIN with its maker's program.
  pin_expired: 'pin_needed',
  pin_not_set: 'pin_needed',
  finger_blocked: 'pin_needed',
  cannot_verify: 'unfit',
  cannot_store: 'unfit',
  full: 'full',
  no_algorithm: 'unfit',
  timed_out: 'timed_out',
  cancelled: 'cancelled',
  failed: 'failed',
} as const satisfies Record<string, KeyFailure>

/** What the page in the browser tells (internal/securitykey/handoff). */
export const browserFailures = {
  cancelled: 'cancelled',
  registered_already: 'registered_already',
  not_here: 'not_here',
  failed: 'failed',
  timed_out: 'timed_out',
} as const satisfies Record<string, KeyFailure>

const among = (known: Record<string, KeyFailure>) => {
  const map = new Map(Object.entries(known))
  return (code: string): KeyFailure => map.get(code) ?? 'failed'
}

export const failureOfNative = among(nativeFailures)
export const failureOfBrowser = among(browserFailures)

/** The answer of a ceremony; throws KeyError when it came to none. */
export function outcomeOf(outcome: KeyOutcome, failureOf: (code: string) => KeyFailure): KeyAnswer {
  if (outcome.answer) return outcome.answer
  throw new KeyError(failureOf(outcome.failure ?? ''), outcome.tries ?? 0)
}
