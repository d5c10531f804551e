import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { call, onProblem, setTransport } from './client'
import { Problem } from './problem'

const json = (body: unknown, status = 200, headers: Record<string, string> = {}) =>
  new Response(JSON.stringify(body), { status, headers: { 'Content-Type': 'application/json', ...headers } })

const list = { entities: [], pagination: { limit: 50, offset: 0, total: 0, totalIsMinimum: false, nextCursor: '' } }

async function problemOf(promise: Promise<unknown>): Promise<Problem> {
  const thrown: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(thrown instanceof Problem)) throw new Error(`expected a problem, got ${String(thrown)}`)
  return thrown
}

beforeEach(() => setTransport())
afterEach(() => {
  delete window.go
  vi.unstubAllGlobals()
})

describe('in a browser', () => {
  const fetching = vi.fn<typeof fetch>()
  beforeEach(() => {
    fetching.mockReset()
    vi.stubGlobal('fetch', fetching)
  })
  const sent = () => {
    const [url, init] = fetching.mock.calls[0] ?? []
    return { url, method: init?.method, body: init?.body, credentials: init?.credentials, headers: init?.headers }
  }

  test('filters become the query, empty ones are left out', async () => {
    fetching.mockResolvedValue(json(list))
    await call('users.list', { q: 'anna & co', limit: 100, cursor: '' })
    expect(sent()).toMatchObject({ url: '/api/v1/users?q=anna+%26+co&limit=100', method: 'GET', body: undefined })
  })

  test('path parameters leave the input by name and are escaped', async () => {
    fetching.mockResolvedValue(json({}))
    await call('users.show', { id: 'usr_1/../x' })
    expect(sent().url).toBe('/api/v1/users/usr_1%2F..%2Fx')
  })

  test('a missing path parameter is a problem, not a wrong address', async () => {
    const problem = await problemOf(call('users.show', { id: '' }))
    expect(problem.code).toBe('invalid_request')
    expect(fetching).not.toHaveBeenCalled()
  })

  test('a body is JSON, and the cookie goes to the same origin only', async () => {
    fetching.mockResolvedValue(json({ state: 'signed_out', methods: [] }))
    await call('session.signIn', { login: 'anna', password: 'p' })
    expect(sent()).toMatchObject({
      url: '/api/v1/session',
      method: 'POST',
      body: '{"login":"anna","password":"p"}',
      credentials: 'same-origin',
      headers: { 'Content-Type': 'application/json' },
    })
  })

  test.each([
    [
      'a problem of the server',
      json({ code: 'taken', detail: 'x', retryAfter: 30 }, 429),
      { code: 'taken', retryAfter: 30 },
    ],
    ['a proxy that is in the way', new Response('<html>', { status: 502 }), { code: 'unavailable' }],
    [
      'a limit without a body',
      new Response('', { status: 429, headers: { 'Retry-After': '7' } }),
      { code: 'too_many_attempts', retryAfter: 7 },
    ],
    ['a failure without a body', new Response('', { status: 500 }), { code: 'internal' }],
    ['a page instead of JSON', new Response('<html>', { status: 200 }), { code: 'unavailable' }],
  ])('%s is a problem', async (_, response, expected) => {
    fetching.mockResolvedValue(response)
    expect(await problemOf(call('installation.show'))).toMatchObject(expected)
  })

  test('no network is "unavailable"', async () => {
    fetching.mockRejectedValue(new TypeError('Failed to fetch'))
    expect((await problemOf(call('installation.show'))).code).toBe('unavailable')
  })

  test('an answer without a body is an empty object', async () => {
    fetching.mockResolvedValue(new Response(null, { status: 204 }))
    expect(await call('session.signOut')).toEqual({})
  })

  test('watchers hear of every problem and can stop', async () => {
    fetching.mockImplementation(async () => json({ code: 'session_ended' }, 401))
    const heard: string[] = []
    const stop = onProblem((problem, operation) => heard.push(`${operation}: ${problem.code}`))
    await problemOf(call('profile.show'))
    stop()
    await problemOf(call('profile.show'))
    expect(heard).toEqual(['profile.show: session_ended'])
  })
})

describe('in the window', () => {
  test('an operation is a bound method with one argument, path parameters included', async () => {
    const Show = vi.fn(async () => ({ id: 'usr_1' }))
    window.go = { app: { Users: { Show } } }
    expect(await call('users.show', { id: 'usr_1' })).toEqual({ id: 'usr_1' })
    expect(Show).toHaveBeenCalledWith({ id: 'usr_1' })
  })

  test('names of several words keep their capitals', async () => {
    const BeginApp = vi.fn(async () => ({}))
    window.go = { app: { SecondFactors: { BeginApp } } }
    await call('secondFactors.beginApp', {})
    expect(BeginApp).toHaveBeenCalledWith({})
  })

  const problem = { code: 'invalid_fields', status: 422, violations: [{ field: 'login', code: 'taken', message: 'x' }] }
  test.each([
    ['a JSON string', JSON.stringify(problem)],
    ['a JSON string in an Error', new Error(JSON.stringify(problem))],
    ['an object', problem],
  ])('a problem arrives as %s', async (_, thrown) => {
    window.go = { app: { Users: { Add: () => Promise.reject(thrown) } } }
    const input = { login: 'a', name: 'a', email: 'a@b.c', language: 'en', roles: [] }
    expect(await problemOf(call('users.add', input))).toMatchObject(problem)
  })

  test('what is no problem at all becomes an internal one', async () => {
    window.go = { app: { Session: { Show: () => Promise.reject(new Error('[object Object]')) } } }
    expect(await problemOf(call('session.show'))).toMatchObject({ code: 'internal', message: '[object Object]' })
  })

  test('an operation this window does not have is "not_found"', async () => {
    window.go = { app: {} }
    expect((await problemOf(call('session.show'))).code).toBe('not_found')
  })
})
