// The ways in which a security key can be asked (docs/adr: security keys): by
// the page itself, by the Desk through USB, or by the system's browser. What is
// asked, and whether the answer counts, is for the operations to say; a way only
// carries options to a key, answers back, and tells what a person has to do.

/** Options of a relying party, as its JSON comes (WebAuthn Level 3, section 5.1). */
export type KeyOptions = Record<string, unknown>

/** What a key answered: PublicKeyCredential.toJSON(). */
export type KeyAnswer = Record<string, unknown>

/** Where a ceremony is, as far as a person has to know. */
export type KeyStep =
  /** The browser or the system leads, by dialogs of its own. */
  | { at: 'system' }
  /** No key is there yet: plug one in. */
  | { at: 'plug_in' }
  /** Several keys are: touch the one you mean. */
  | { at: 'choose' }
  /** Touch it now; again: the finger was not the right one. */
  | { at: 'touch'; again: boolean }
  /** The key's PIN is asked for. tries: left, 0 when the key does not say. */
  | { at: 'pin'; tries: number; wrong: boolean; unfit: boolean; enter(pin: string): void }
  /** The key can sign in to several accounts. */
  | { at: 'account'; accounts: { name: string; displayName: string }[]; pick(index: number): void }
  /** A browser was opened at that address. */
  | { at: 'browser'; address: string }

/** Why a way came to nothing. Each is a sentence of its own (UX: every failure apart). */
export type KeyFailure =
  | 'no_key'
  | 'not_permitted'
  | 'not_registered'
  | 'registered_already'
  | 'pin_needed'
  | 'pin_wrong'
  | 'pin_blocked_until_replugged'
  | 'pin_blocked'
  | 'timed_out'
  | 'cancelled'
  | 'unplugged'
  /** Another program is using the key. */
  | 'busy'
  /** It has no room for another passkey. */
  | 'full'
  /** It cannot do what is asked of it, and another key may. */
  | 'unfit'
  | 'certificate'
  | 'not_here'
  | 'failed'

export class KeyError extends Error {
  constructor(
    readonly failure: KeyFailure,
    readonly tries = 0,
    options?: ErrorOptions,
  ) {
    super(failure, options)
  }
}

/** Gets what the key is asked; port is that of a hand-off page, else left out. Called right before the tap: options live two minutes. */
export type Ask = (port?: number) => Promise<KeyOptions>

/** One way of asking a key. Both functions throw KeyError. */
export interface KeyWay {
  readonly name: 'page' | 'native' | 'browser'
  create(ask: Ask, tell: (step: KeyStep) => void, signal: AbortSignal): Promise<KeyAnswer>
  get(ask: Ask, tell: (step: KeyStep) => void, signal: AbortSignal): Promise<KeyAnswer>
}
