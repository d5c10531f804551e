import { expect, test } from 'vitest'
import { flipped, sortOf } from './sort'

test('a column knows how it stands, however it starts', () => {
  expect(sortOf('name', 'name')).toBe('ascending')
  expect(sortOf('-lastSeenAt', '-lastSeenAt')).toBe('descending')
  expect(sortOf('lastSeenAt', '-lastSeenAt')).toBe('ascending')
  expect(sortOf('name', 'login')).toBe('none')
})

test('turning round twice changes nothing', () => {
  expect(flipped('name')).toBe('-name')
  expect(flipped(flipped('-createdAt'))).toBe('-createdAt')
})
