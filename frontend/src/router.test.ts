import { expect, test } from 'vitest'
import { href, parseRoute } from './router.svelte'

test.each([
  ['', '/', ''],
  ['#/', '/', ''],
  ['#/users', '/users', ''],
  ['#/users?q=anna+b&status=active', '/users', 'q=anna+b&status=active'],
  ['#main', '/', ''],
])('%j is the path %s with %j', (hash, path, query) => {
  const route = parseRoute(hash)
  expect(route.path).toBe(path)
  expect(route.params.toString()).toBe(query)
})

test('addresses leave out what is empty and escape the rest', () => {
  expect(href('/users', { q: 'a&b', status: undefined, x: '' })).toBe('#/users?q=a%26b')
  expect(href('/users')).toBe('#/users')
})
