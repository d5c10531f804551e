import { expect, test } from 'vitest'
import { menu, placeFor, routes } from './routes'

const inside = { setUp: true, enrolling: false }

test.each([
  ['/users', inside, '/users'],
  ['/profile/second-factors', inside, '/profile/second-factors'],
  ['/', inside, '/home'],
  ['/of-yesterday', inside, '/home'],
  ['/set-up', inside, '/home'],
  ['/activate', inside, '/activate'],
  ['/users', { setUp: true, enrolling: true }, '/profile/second-factors'],
  ['/of-yesterday', { setUp: true, enrolling: true }, '/profile/second-factors'],
  ['/profile', { setUp: true, enrolling: true }, '/profile'],
  ['/profile/password', { setUp: true, enrolling: true }, '/profile/second-factors'],
  ['/activate', { setUp: true, enrolling: true }, '/activate'],
  ['/users', { setUp: false, enrolling: false }, '/set-up'],
])('%s, for %j, shows %s', (path, now, shown) => {
  const place = placeFor(path, now)
  expect(place.path).toBe(shown)
  expect(place.route.pattern).toBe(shown)
})

test('every page can be reached, and each stands in the table once', () => {
  for (const { pattern, outside } of routes)
    expect(placeFor(pattern, { setUp: outside !== 'not_set_up', enrolling: false }).route.pattern).toBe(pattern)
  expect(new Set(routes.map(({ pattern }) => pattern)).size).toBe(routes.length)
  expect(menu.map(({ path }) => path)).toEqual([
    '/home',
    '/users',
    '/roles',
    '/keys',
    '/accounts',
    '/gate',
    '/activity',
    '/settings',
  ])
})
