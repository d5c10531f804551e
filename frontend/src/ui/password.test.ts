import { expect, test } from 'vitest'
import { madeOfNames, passwordLength } from './password'

test('length counts characters after composing, not code units', () => {
  expect(passwordLength('a\u0308')).toBe(1)
  expect(passwordLength('🔑🔑')).toBe(2)
})

test.each([
  ['anna.peeters-2026-!!', ['anna.peeters'], true],
  ['PeetersNordDomains1', ['Anna Peeters', 'nord-domains'], true],
  ['Gätehouse gatehouse', ['gatehouse'], true],
  ['anna likes green tea', ['anna.peeters'], false],
  ['correct horse battery', ['Nord Domains GmbH', 'anna'], false],
  ['123456789012345', ['anna'], false],
  ['', [''], false],
])('%j made of %j: %s', (password, names, expected) => {
  expect(madeOfNames(password, names)).toBe(expected)
})
