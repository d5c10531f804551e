import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { call } from '../../api/client'
import { speak } from '../../testing/words'
import { pageOf, serve, sessionWith } from '../../testing/server'
import { enter, idleLeft } from './session.svelte'

const minute = 60_000

beforeEach(async () => {
  vi.useFakeTimers({ now: new Date('2026-05-04T09:00:00Z') })
  await speak('en')
  await enter(sessionWith('MANAGE_INSTALLATION', 'VIEW_USER'))
  serve({
    'installation.protection': () => ({ kind: 'file', where: '/somewhere' }),
    'session.show': () => ({ state: 'signed_in' }),
    'users.list': () => pageOf([]),
  })
})
afterEach(() => void vi.useRealTimers())

test.each(['installation.protection', 'session.show'] as const)(
  '%s, which the page asks by itself, does not put off the end of the session',
  async (operation) => {
    vi.advanceTimersByTime(10 * minute)
    await call(operation)
    expect(idleLeft(Date.now())).toBe(5 * minute)
  },
)

test('what a person asks for does', async () => {
  vi.advanceTimersByTime(10 * minute)
  await call('users.list', {})
  expect(idleLeft(Date.now())).toBe(15 * minute)
})
