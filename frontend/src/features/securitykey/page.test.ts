import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { fromBase64url, toBase64url } from './base64url'
import { failureOf, pageWay } from './page'
import { KeyError, type KeyOptions, type KeyStep } from './way'
import { siteAddress, whyNoKeys, type Site } from './ways'

const bytes = (text: string) => new TextEncoder().encode(text).buffer as ArrayBuffer

/** What the page asked its browser last. */
let asked: CredentialCreationOptions & CredentialRequestOptions
let reply: (signal: AbortSignal) => Promise<unknown>

beforeEach(() => {
  // A browser of before 2024: it knows keys, and nothing of their JSON.
  vi.stubGlobal('PublicKeyCredential', vi.fn())
  const take = (options: typeof asked) => {
    asked = options
    return reply(options.signal as AbortSignal)
  }
  Object.defineProperty(navigator, 'credentials', { configurable: true, value: { create: take, get: take } })
})
afterEach(() => vi.unstubAllGlobals())

const way = () => {
  const found = pageWay()
  if (!found) throw new Error('no way')
  return found
}
const raised = (name: string, message = '') => Object.assign(new Error(message), { name })

const creation: KeyOptions = {
  challenge: 'AAECAw',
  user: { id: 'dXNy', name: 'anna', displayName: 'Anna' },
  excludeCredentials: [{ type: 'public-key', id: '-_8' }],
  timeout: 120_000,
}
const made = {
  id: 'aWQ',
  rawId: bytes('id'),
  type: 'public-key',
  authenticatorAttachment: null,
  getClientExtensionResults: () => ({ credProps: { rk: true } }),
  toJSON: () => {
    throw new TypeError('Illegal invocation')
  },
  response: {
    clientDataJSON: bytes('{}'),
    attestationObject: bytes('att'),
    getTransports: () => ['usb'],
  },
}

test('bytes go and come back, whatever they are', () => {
  for (const text of ['', 'f', 'fo', 'foo', 'ÿ>?~'])
    expect(fromBase64url(toBase64url(bytes(text)))).toEqual(bytes(text))
  expect(toBase64url(new Uint8Array([251, 255, 191]).buffer)).toBe('-_-_')
  expect(() => fromBase64url(7)).toThrow()
})

describe('an old browser', () => {
  test('is asked in bytes, and its answer told in JSON', async () => {
    reply = async () => made
    const steps: KeyStep[] = []
    const answer = await way().create(
      async () => creation,
      (step) => steps.push(step),
      new AbortController().signal,
    )
    expect(steps).toEqual([{ at: 'system' }])
    expect(new Uint8Array(asked.publicKey?.challenge as ArrayBuffer)).toEqual(new Uint8Array([0, 1, 2, 3]))
    expect(asked.publicKey).toMatchObject({ user: { id: bytes('usr'), name: 'anna' } })
    expect(answer).toEqual({
      id: 'aWQ',
      rawId: 'aWQ',
      type: 'public-key',
      authenticatorAttachment: undefined,
      clientExtensionResults: { credProps: { rk: true } },
      response: { clientDataJSON: 'e30', attestationObject: 'YXR0', transports: ['usb'] },
    })
  })

  test('signs in with what a key that knows its user says', async () => {
    const response = {
      clientDataJSON: bytes('{}'),
      authenticatorData: bytes('a'),
      signature: bytes('s'),
      userHandle: null,
    }
    reply = async () => ({ ...made, response })
    const answer = await way().get(
      async () => ({ challenge: 'AA' }),
      () => undefined,
      new AbortController().signal,
    )
    expect(answer['response']).toEqual({ clientDataJSON: 'e30', authenticatorData: 'YQ', signature: 'cw' })
  })
})

describe('what a browser throws', () => {
  test.each([
    ['NotAllowedError', '', 'get', false, 'cancelled'],
    ['NotAllowedError', '', 'get', true, 'timed_out'],
    ['NotAllowedError', 'WebAuthn is not supported on sites with TLS certificate errors.', 'get', false, 'certificate'],
    ['AbortError', '', 'get', true, 'timed_out'],
    ['InvalidStateError', '', 'create', false, 'registered_already'],
    ['InvalidStateError', '', 'get', false, 'not_registered'],
    ['SecurityError', '', 'create', false, 'not_here'],
    ['OperationError', 'A request is already pending.', 'create', false, 'failed'],
    ['TypeError', '', 'create', false, 'failed'],
  ] as const)('%s %s at %s, time over: %s, is %s', (name, message, kind, over, failure) => {
    expect(failureOf(raised(name, message), kind, over)).toBe(failure)
  })
})

const ends = (signal: AbortSignal) =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(raised('AbortError'))))

test('a browser that waits for ever is stopped when the time is over', async () => {
  vi.useFakeTimers()
  reply = ends
  const done = way().get(
    async () => ({ challenge: 'AA', timeout: 5000 }),
    () => undefined,
    new AbortController().signal,
  )
  const failure = expect(done).rejects.toMatchObject({ failure: 'timed_out' })
  await vi.advanceTimersByTimeAsync(10_000)
  await failure
  vi.useRealTimers()
})

test('whoever cancels stops the browser, or keeps it from being asked', async () => {
  const stop = new AbortController()
  reply = ends
  const done = way().get(
    async () => {
      setTimeout(() => stop.abort())
      return { challenge: 'AA' }
    },
    () => undefined,
    stop.signal,
  )
  await expect(done).rejects.toMatchObject({ failure: 'cancelled' })

  reply = () => Promise.reject(new Error('asked'))
  const never = way().get(
    async () => ({ challenge: 'AA' }),
    () => undefined,
    stop.signal,
  )
  await expect(never).rejects.toEqual(new KeyError('cancelled'))
})

test('a problem of the server goes through as it is', async () => {
  const problem = new Error('too many')
  const done = way().get(
    () => Promise.reject(problem),
    () => undefined,
    new AbortController().signal,
  )
  await expect(done).rejects.toBe(problem)
})

test('no way where the browser knows no keys, nor in a webview whose origin they cannot be bound to', () => {
  window.go = { app: {} }
  expect(pageWay()).toBeUndefined()
  delete window.go
  vi.stubGlobal('PublicKeyCredential', undefined)
  expect(pageWay()).toBeUndefined()
})

test.each<[string, Site | undefined, boolean, string | undefined]>([
  ['nothing is known', undefined, true, 'not_here'],
  ['the server says why', { works: false, site: '', why: 'ip_address' }, true, 'ip_address'],
  ['at its own name', { works: true, site: location.hostname }, true, undefined],
  ['at another name', { works: true, site: 'gate.example' }, true, 'other_site'],
  ['at a name that only ends alike', { works: true, site: 'host' }, true, 'other_site'],
  ['in a browser without keys', { works: true, site: location.hostname }, false, 'no_way'],
])('why no key works: %s', (_, site, some, why) => {
  expect(whyNoKeys(site, some ? [way()] : [])).toBe(why)
})

test('where a key works, as people write it', () => {
  expect(['gate.example', 'localhost', 'wails.localhost'].map(siteAddress)).toEqual([
    'https://gate.example',
    'http://localhost',
    undefined,
  ])
})
