import { beforeEach, describe, expect, test } from 'vitest'
import { Problem } from '../../api/problem'
import { answerLeaving, isLeaving, leaveGuard } from '../../leaving.svelte'
import { speak } from '../../testing/words'
import { go, goAtOnce, href, route } from '../../router.svelte'
import { serve, sessionWith } from '../../testing/server'
import { place } from '../frame/place.svelte'
import { enter, mustSetUp } from '../session/session.svelte'
import { SecondFactors, staying, type Profile } from './factors.svelte'

const app = (id: string) => ({ id, name: '', createdAt: '2026-01-05T09:00:00Z', lastUsedAt: null, lastUsedFrom: '' })
const profileWith = (...apps: string[]) =>
  ({ authenticatorApps: apps.map(app), securityKeys: [] as unknown, recoveryCodesLeft: 10 }) as Profile
/** A profile with so many apps, and keys that work here or do not. */
const having = (apps: number, ...keys: boolean[]) =>
  ({
    ...profileWith(...Array.from({ length: apps }, (_, i) => `app_${i}`)),
    securityKeys: keys.map((worksHere, i) => ({ id: `sk_${i}`, worksHere })) as unknown,
  }) as Profile
const begun = (...recoveryCodes: string[]) => ({
  ceremony: 'c',
  expiresAt: '2026-01-05T09:00:00Z',
  recoveryCodes,
  authenticatorApp: { issuer: '', accountName: '', key: '', type: '', qr: { size: 1, path: '' }, uri: '' },
})
const required = { ...sessionWith(), mfa: { state: 'setup_required', requiredBy: 'policy', requiredFrom: '' } } as const

beforeEach(async () => {
  await speak('en')
  goAtOnce('#/profile/second-factors')
})

describe('to add an app', () => {
  test('the first needs no name and brings recovery codes', async () => {
    const asked = serve({ 'profile.show': () => profileWith(), 'secondFactors.beginApp': () => begun('A', 'B') })
    const factors = new SecondFactors()
    await factors.load()
    factors.add()
    await expect.poll(() => factors.stage.at).toBe('codes')
    expect(asked.at(-1)?.input).toEqual({})
  })

  test('the second is asked for its name and brings none', async () => {
    const asked = serve({ 'profile.show': () => profileWith('app_1'), 'secondFactors.beginApp': () => begun() })
    const factors = new SecondFactors()
    await factors.load()
    factors.add()
    expect(factors.stage.at).toBe('name')
    await factors.begin('Tablet')
    expect([factors.stage.at, asked.at(-1)?.input]).toEqual(['app', { name: 'Tablet' }])
  })
})

describe('to add a security key', () => {
  const begunKey = (...recoveryCodes: string[]) => ({
    ceremony: 'c',
    expiresAt: '2026-01-05T09:00:00Z',
    recoveryCodes,
  })

  test('the first is named, then brings recovery codes', async () => {
    const asked = serve({ 'secondFactors.beginKey': () => begunKey('A', 'B') })
    const factors = new SecondFactors()
    factors.addKey()
    expect(factors.stage.at).toBe('keyName')
    await factors.beginKey('Blue')
    expect([factors.stage.at, asked.at(-1)?.input]).toEqual(['keyCodes', { name: 'Blue' }])
  })

  test('the next is tapped at once, and told by its name', async () => {
    serve({
      'secondFactors.beginKey': () => begunKey(),
      'secondFactors.confirmKey': () => ({}),
      'session.show': () => ({ state: 'signed_in', session: sessionWith() }),
    })
    const factors = new SecondFactors()
    await factors.beginKey('Blue')
    expect(factors.stage.at).toBe('tap')
    await factors.confirmKey(begunKey(), {})
    expect(factors.stage).toEqual({ at: 'on', first: false, by: 'key', name: 'Blue' })
  })

  test('what the server refuses leaves the tap in place; what took too long begins again', async () => {
    let code: 'security_key_taken' | 'ceremony_over' = 'security_key_taken'
    serve({
      'profile.show': () => profileWith(),
      'secondFactors.beginKey': () => begunKey(),
      'secondFactors.confirmKey': () => {
        throw new Problem({ code })
      },
    })
    const factors = new SecondFactors()
    await factors.beginKey('Blue')
    await expect(factors.confirmKey(begunKey(), {})).rejects.toMatchObject({ code })
    expect(factors.stage.at).toBe('tap')
    code = 'ceremony_over'
    await expect(factors.confirmKey(begunKey(), {})).rejects.toMatchObject({ code })
    expect([factors.stage.at, factors.problem?.code]).toEqual(['overview', 'ceremony_over'])
  })
})

test.each([
  ['the only app', having(1), true, 'only'],
  ['one of two apps', having(2), true, undefined],
  ['the only key', having(0, true), true, 'only'],
  ['a key beside an app', having(1, true), true, undefined],
  ['the app beside a key of another place', having(1, false), true, 'onlyHere'],
  ['the key of another place beside an app', having(1, false), false, undefined],
  ['the key that works here, of two', having(0, true, false), true, 'onlyHere'],
  ['the only key, which works elsewhere', having(0, false), false, 'only'],
] as const)('whether it has to stay: %s', (_, profile, here, why) => {
  expect(staying(profile, here)).toBe(why)
})

describe('while it is demanded', () => {
  beforeEach(() => enter(required))

  test('a click in the menu stays on the page and asks nothing', () => {
    const stop = leaveGuard(() => true)
    go('#/settings')
    expect([isLeaving(), route().path, place().path]).toEqual([false, '/settings', '/profile/second-factors'])
    go('#/profile')
    expect(isLeaving()).toBe(true)
    answerLeaving(false)
    stop()
  })

  test('one gets where one wanted once it is set up', async () => {
    serve({
      'secondFactors.confirmApp': () => ({}),
      'session.show': () => ({ state: 'signed_in', session: sessionWith() }),
    })
    go(href('/users', { q: 'tom' }))
    const factors = new SecondFactors()
    await factors.confirm(begun('A'), '123456')
    expect([factors.stage.at, mustSetUp(), place().path]).toEqual(['on', false, '/profile/second-factors'])
    factors.onward()
    expect([place().path, route().params.get('q')]).toEqual(['/users', 'tom'])
  })
})

test('new codes that took too long to save leave the old ones in force, and say so', async () => {
  serve({
    'profile.show': () => profileWith('app_1'),
    'secondFactors.beginCodes': () => ({ ceremony: 'c', expiresAt: '2026-01-05T09:00:00Z', recoveryCodes: ['A'] }),
    'secondFactors.confirmCodes': () => {
      throw new Problem({ code: 'ceremony_over' })
    },
  })
  const factors = new SecondFactors()
  await factors.newCodes()
  await factors.keepCodes('c')
  expect([factors.stage.at, factors.problem?.code]).toEqual(['overview', 'ceremony_over'])
})

test('what is refused stays on the overview with its reason', async () => {
  serve({
    'profile.show': () => profileWith('app_1'),
    'secondFactors.disable': () => {
      throw new Problem({ code: 'mfa_required' })
    },
  })
  const factors = new SecondFactors()
  await factors.load()
  await expect(factors.disable()).rejects.toMatchObject({ code: 'mfa_required' })
  expect([factors.stage.at, factors.problem?.code, factors.busy]).toEqual(['overview', 'mfa_required', false])
})
