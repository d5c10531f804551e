import { expect, test } from 'vitest'
import { callsOf, hostAndPort, lastHour } from './figures'

const minute = (at: string, requests: number) => ({ at, requests, refused: 0, failed: 0 })

test('an hour has sixty minutes, whether or not something came', () => {
  const now = Date.parse('2026-03-14T10:00:30Z')
  const hour = lastHour(
    [minute('2026-03-14T08:59:00Z', 9), minute('2026-03-14T09:01:00Z', 1), minute('2026-03-14T10:00:00Z', 3)],
    now,
  )
  expect(hour).toHaveLength(60)
  expect(hour[0]).toEqual(minute('2026-03-14T09:01:00Z', 1))
  expect(hour[1]).toEqual(minute('2026-03-14T09:02:00.000Z', 0))
  expect(hour[59]?.requests).toBe(3)
  expect(callsOf(hour)).toBe(4)
})

test('an address has a host and a port', () => {
  expect(hostAndPort('127.0.0.1:2001')).toEqual(['127.0.0.1', '2001'])
  expect(hostAndPort('[::1]:2001')).toEqual(['::1', '2001'])
})
