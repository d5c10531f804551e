import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { call } from '../../api/client'
import { Problem } from '../../api/problem'
import { speak } from '../../testing/words'
import { goAtOnce, href, route } from '../../router.svelte'
import { serve, sessionWith } from '../../testing/server'
import { appState, ended, enter, session, signOut, stay, idleLeft } from './session.svelte'

const minute = 60_000
const notice = () => {
  const now = appState()
  return now.kind === 'signed_out' ? now.notice : now.kind
}
/** What another tab of this browser tells. */
const hear = (word: string) =>
  window.dispatchEvent(new StorageEvent('storage', { key: 'gatehouse.tabs', newValue: `${word} 1.0` }))

beforeEach(async () => {
  vi.useFakeTimers({ now: new Date('2026-05-04T09:00:00Z') })
  await speak('en')
  goAtOnce('#/')
  await enter(sessionWith('VIEW_USER'))
  goAtOnce(href('/users', { q: 'tom' }))
  serve({ 'session.signOut': () => ({}) })
})
afterEach(() => void vi.useRealTimers())

test.each([
  ['idle', 15 * minute],
  ['absolute', 12 * 60 * minute],
  ['ended', 3 * minute],
])('a session that is over says why: %s', (why, after) => {
  vi.advanceTimersByTime(after)
  ended()
  expect(notice()).toBe(why)
})

test('the same person is back where they were', async () => {
  ended()
  goAtOnce('#/')
  await enter(sessionWith('VIEW_USER'))
  expect([route().path, route().params.get('q')]).toEqual(['/users', 'tom'])
})

test('another person starts at the beginning', async () => {
  ended()
  const own = sessionWith('VIEW_USER')
  await enter({ ...own, user: { ...own.user, id: 'usr_2', name: 'Tom Willems' } })
  expect(route().path).toBe('/')
})

test('to sign in again keeps the place, to sign out does not', async () => {
  await signOut('again')
  expect([notice(), route().path]).toEqual(['again', '/users'])
  await enter(sessionWith())
  await signOut()
  expect([notice(), route().path]).toEqual(['signedOut', '/'])
})

test('signing out in one tab signs out all, and the word that says so holds nothing else', async () => {
  await signOut()
  expect(localStorage.getItem('gatehouse.tabs')).toMatch(/^signed_out [\d.]+$/)
  await enter(sessionWith())
  hear('signed_out')
  expect([notice(), session()]).toEqual(['elsewhere', undefined])
})

test('work in another tab keeps this one awake', () => {
  vi.advanceTimersByTime(10 * minute)
  hear('awake')
  expect(idleLeft(Date.now())).toBe(15 * minute)
})

test('a sign-in in another tab opens this one too', async () => {
  ended()
  serve({
    'installation.show': () => ({
      setUp: true,
      practice: false,
      version: '1',
      place: 'gate',
      setupCodeNeeded: false,
      mailsLinks: false,
      support: { email: '', phone: '', hours: '' },
      languages: ['en'],
      securityKeys: { works: true, site: 'gate.example' },
    }),
    'session.show': () => ({ state: 'signed_in', session: sessionWith() }),
  })
  hear('signed_in')
  await vi.waitFor(() => expect(notice()).toBe('signed_in'))
})

test('staying is an act of the person, and asks until when it counts', async () => {
  const next = sessionWith()
  const asked = serve({
    'profile.show': () => ({}) as never,
    'session.show': () => ({ state: 'signed_in', session: next }),
  })
  await stay()
  expect(asked.map(({ operation }) => operation)).toEqual(['profile.show', 'session.show'])
})

test('a refusal for want of a session leads to the sign-in', async () => {
  serve({
    'users.list': () => {
      throw new Problem({ code: 'session_ended' })
    },
  })
  await expect(call('users.list', {})).rejects.toMatchObject({ code: 'session_ended' })
  expect(notice()).toBe('ended')
})
