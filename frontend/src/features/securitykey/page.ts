import { inWindow } from '../../api/desk'
import { fromBase64url, toBase64url } from './base64url'
import { KeyError, type Ask, type KeyAnswer, type KeyFailure, type KeyOptions, type KeyWay } from './way'

// The page asks the key itself, by navigator.credentials (WebAuthn Level 3). What a
// person has to do, the browser or the system says in a window of its own.

/** How long a key is waited for when the options do not say. */
const usualWait = 120_000
/** Browsers give up a little early or late, and do not say that it was the time. */
const aboutMs = 750

type Kind = 'create' | 'get'

/** The way by the page; undefined where browsers or webviews have none. */
export function pageWay(): KeyWay | undefined {
  // Browsers have it in secure contexts only.
  if (typeof PublicKeyCredential !== 'function' || !('credentials' in navigator)) return undefined
  // Of the webviews only that of Windows has an origin which keys can be bound to.
  if (inWindow() && location.hostname !== 'wails.localhost') return undefined
  return {
    name: 'page',
    create: (ask, tell, signal) => {
      tell({ at: 'system' })
      return run('create', ask, signal)
    },
    get: (ask, tell, signal) => {
      tell({ at: 'system' })
      return run('get', ask, signal)
    },
  }
}

async function run(kind: Kind, ask: Ask, signal: AbortSignal): Promise<KeyAnswer> {
  const options = await ask()
  if (signal.aborted) throw new KeyError('cancelled')
  const wait = typeof options['timeout'] === 'number' ? options['timeout'] : usualWait
  const stop = new AbortController()
  const cancel = () => stop.abort()
  signal.addEventListener('abort', cancel, { once: true })
  // Some browsers leave their own window standing when the time is over.
  let late = false
  const timer = setTimeout(() => {
    late = true
    stop.abort()
  }, wait + aboutMs)
  const began = performance.now()
  try {
    const credential = await (kind === 'create'
      ? navigator.credentials.create({ publicKey: creation(options), signal: stop.signal })
      : navigator.credentials.get({ publicKey: request(options), signal: stop.signal }))
    if (!credential) throw new KeyError('failed')
    return answerOf(credential as PublicKeyCredential)
  } catch (thrown) {
    if (thrown instanceof KeyError) throw thrown
    if (signal.aborted) throw new KeyError('cancelled', 0, { cause: thrown })
    const over = late || performance.now() - began > wait - aboutMs
    throw new KeyError(failureOf(thrown, kind, over), 0, { cause: thrown })
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', cancel)
  }
}

/** What an exception of the browser means to a person; `over`: the time is. */
export function failureOf(thrown: unknown, kind: Kind, over: boolean): KeyFailure {
  const { name, message } = thrown instanceof Error ? thrown : { name: '', message: '' }
  switch (name) {
    case 'NotAllowedError':
      // Chromium says so of a certificate that somebody clicked away.
      if (/certificate/i.test(message)) return 'certificate'
      return over ? 'timed_out' : 'cancelled'
    case 'AbortError':
      return over ? 'timed_out' : 'cancelled'
    case 'TimeoutError':
      return 'timed_out'
    case 'InvalidStateError':
      return kind === 'create' ? 'registered_already' : 'not_registered'
    case 'SecurityError':
      return 'not_here'
    default:
      return 'failed'
  }
}

const object = (value: unknown) => (typeof value === 'object' && value !== null ? (value as KeyOptions) : {})

const descriptors = (list: unknown): PublicKeyCredentialDescriptor[] =>
  (Array.isArray(list) ? list : []).map(
    (one) => ({ ...object(one), id: fromBase64url(object(one)['id']) }) as unknown as PublicKeyCredentialDescriptor,
  )

function creation(options: KeyOptions): PublicKeyCredentialCreationOptions {
  if (PublicKeyCredential.parseCreationOptionsFromJSON as unknown)
    return PublicKeyCredential.parseCreationOptionsFromJSON(
      options as unknown as PublicKeyCredentialCreationOptionsJSON,
    )
  const user = object(options['user'])
  return {
    ...options,
    challenge: fromBase64url(options['challenge']),
    user: { ...user, id: fromBase64url(user['id']) },
    excludeCredentials: descriptors(options['excludeCredentials']),
  } as unknown as PublicKeyCredentialCreationOptions
}

function request(options: KeyOptions): PublicKeyCredentialRequestOptions {
  if (PublicKeyCredential.parseRequestOptionsFromJSON as unknown)
    return PublicKeyCredential.parseRequestOptionsFromJSON(options as unknown as PublicKeyCredentialRequestOptionsJSON)
  return {
    ...options,
    challenge: fromBase64url(options['challenge']),
    allowCredentials: descriptors(options['allowCredentials']),
  } as unknown as PublicKeyCredentialRequestOptions
}

/** PublicKeyCredential.toJSON(), also where there is none: Safari before 18.4, and what password managers put in its place. */
function answerOf(credential: PublicKeyCredential): KeyAnswer {
  try {
    const json = credential.toJSON() as KeyAnswer
    if (json['id'] && json['response']) return json
  } catch {
    // Told by hand, then.
  }
  const response = credential.response as AuthenticatorAttestationResponse & AuthenticatorAssertionResponse
  const told: Record<string, unknown> = { clientDataJSON: toBase64url(response.clientDataJSON) }
  for (const part of ['attestationObject', 'authenticatorData', 'signature', 'userHandle'] as const) {
    const bytes = response[part] as ArrayBuffer | null | undefined
    if (bytes) told[part] = toBase64url(bytes)
  }
  if ((response.getTransports as unknown) && told['attestationObject']) told['transports'] = response.getTransports()
  return {
    id: credential.id,
    rawId: toBase64url(credential.rawId),
    type: credential.type,
    authenticatorAttachment: credential.authenticatorAttachment ?? undefined,
    clientExtensionResults: credential.getClientExtensionResults(),
    response: told,
  }
}
