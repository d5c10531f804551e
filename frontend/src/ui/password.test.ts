import { expect, test } from 'vitest'
import { containsContext, passwordLength } from './password'

test('length counts characters after composing, not code units', () => {
  expect(passwordLength('a\u0308')).toBe(1)
  expect(passwordLength('🔑🔑')).toBe(2)
})

test.each([
  ['anna.peeters likes tea', ['anna.peeters'], true],
  ['I like PEETERS a lot', ['anna.peeters'], true],
  ['correct horse battery', ['Nord Domains GmbH', 'anna'], false],
  ['all of the tea in Kent', ['of', 'the'], false],
  ['anything', [''], false],
])('%j against %j: %s', (password, words, expected) => {
  expect(containsContext(password, words)).toBe(expected)
})
