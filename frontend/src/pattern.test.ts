import { expect, test } from 'vitest'
import { fill, isWithin, match } from './pattern'

test.each([
  ['/users', '/users', {}],
  ['/users/:id', '/users/usr_1', { id: 'usr_1' }],
  ['/users/:id', '/users/a%2Fb', { id: 'a/b' }],
  ['/users/:id/keys/:key', '/users/1/keys/2', { id: '1', key: '2' }],
  ['/users/:id', '/users', undefined],
  ['/users/:id', '/users/', undefined],
  ['/users/:id', '/users/1/2', undefined],
  ['/users/:id', '/users/%', undefined],
  ['/users', '/users/1', undefined],
])('%s and %s: %j', (pattern, path, values) => {
  expect(match(pattern, path)).toEqual(values)
})

test('what is filled in comes out again, and names are known to the compiler', () => {
  const path = fill('/users/:id', { id: 'ä/ö ?' })
  expect(path).toBe('/users/%C3%A4%2F%C3%B6%20%3F')
  const values = match('/users/:id', path)
  expect(values?.id).toBe('ä/ö ?')
  // @ts-expect-error the pattern has no such place
  expect(values?.name).toBeUndefined()
})

test.each([
  ['/users', '/users', true],
  ['/users/usr_1', '/users', true],
  ['/users-of-old', '/users', false],
  ['/home', '/users', false],
])('%s is within %s: %s', (path, place, within) => {
  expect(isWithin(path, place)).toBe(within)
})
