import { beforeEach, describe, expect, test } from 'vitest'
import { speak } from '../../testing/words'
import { faultOf, holds, mine, rangeText, rangeWords, readRange, type Range } from './range'

beforeEach(() => speak('en'))

const range = (text: string): Range => {
  const found = readRange(text)
  if (!found) throw new Error(`${text} cannot be read`)
  return found
}

// The server reads them alike: internal/entry/ranges_test.go.
test.each([
  ['192.0.2.7', '192.0.2.7'],
  [' 192.0.2.7/32 ', '192.0.2.7'],
  ['192.0.2.0/24', '192.0.2.0/24'],
  ['0.0.0.0/0', '0.0.0.0/0'],
  ['2001:DB8:0:0:0:0:0:7', '2001:db8::7'],
  ['2001:db8::/48', '2001:db8::/48'],
  ['2001:db8:0:1:0:0:0:0/64', '2001:db8:0:1::/64'],
  ['::1', '::1'],
  ['::', '::'],
  ['::/0', '::/0'],
  ['1::', '1::'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['::FFFF:c000:207', '192.0.2.7'],
  ['::ffff:192.0.2.0/120', '192.0.2.0/24'],
  ['64:ff9b::192.0.2.7', '64:ff9b::c000:207'],
  ['ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
])('%s is %s', (text, one) => {
  expect(faultOf(text)).toBeUndefined()
  expect(rangeText(range(text))).toBe(one)
})

test.each([
  ['192.0.2.7/24', '192.0.2.0/24'],
  ['10.1.2.3/8', '10.0.0.0/8'],
  ['2001:db8::7/48', '2001:db8::/48'],
  ['2001:db8:0:1:2::/64', '2001:db8:0:1::/64'],
  ['::ffff:192.0.2.7/120', '192.0.2.0/24'],
])('%s begins elsewhere: %s', (text, meant) => {
  expect(faultOf(text)).toBe('host_bits')
  expect(rangeText(range(text))).toBe(meant)
})

test.each([
  '010.0.0.1',
  '10.0.0.08/32',
  '192.0.2.0/024',
  '192.0.2.0/+24',
  '192.0.2.0/33',
  '2001:db8::/129',
  '192.0.2.0/-1',
  '192.0.2.0/',
  '/24',
  '192.0.2.0/24/24',
  '192.0.2.0/255.255.255.0',
  '192.0.2.1-192.0.2.9',
  '192.0.2.*',
  '192.0.2',
  '3221225991',
  '0xc0.0.2.7',
  '256.0.0.1',
  'fe80::1%eth0',
  'fe80::%25eth0/64',
  '[2001:db8::7]',
  '192.0.2.7:80',
  '::ffff:192.0.2.0/24',
  '::010.0.0.1',
  ':::',
  '1::2::3',
  '1:2:3:4:5:6:7:8:9',
  'gate.example',
  '<b>192.0.2.7</b>',
  '192.0.2.7\u0000',
  '١٩٢.0.2.7',
])('%s is no address', (text) => {
  expect(faultOf(text)).toBe('bad_address')
  expect(readRange(text)).toBeUndefined()
})

test('nothing typed is nothing wrong', () => expect(faultOf('  ')).toBeUndefined())

describe('ranges in words', () => {
  test.each([
    ['192.0.2.7', '1 address'],
    ['192.0.2.0/24', '256 addresses'],
    ['10.0.0.0/8', '16,777,216 addresses'],
    ['128.0.0.0/1', '2.15 billion addresses'],
    ['0.0.0.0/0', 'every IPv4 address'],
    ['2001:db8::7', '1 address'],
    ['2001:db8::/112', '65,536 addresses'],
    ['2001:db8::/65', 'more addresses than anybody can use'],
    ['2001:db8::/64', '1 network (/64)'],
    ['2001:db8::/48', '65,536 networks (/64)'],
    ['2001:db8::/32', '4.29 billion networks (/64)'],
    ['2001:db8::/80', '281 trillion addresses'],
    ['2000::/3', 'more addresses than anybody can use'],
    ['::/0', 'every IPv6 address'],
  ])('%s: %s', (text, words) => expect(rangeWords(range(text))).toBe(words))

  test('in German', async () => {
    await speak('de')
    expect(rangeWords(range('192.0.2.7'))).toBe('1 Adresse')
    expect(rangeWords(range('10.0.0.0/8'))).toBe('16.777.216 Adressen')
    expect(rangeWords(range('128.0.0.0/1'))).toBe('2,15 Milliarden Adressen')
    expect(rangeWords(range('2001:db8::/48'))).toBe('65.536 Netze (/64)')
  })
})

test.each([
  ['192.0.2.0/24', '192.0.2.255', true],
  ['192.0.2.0/24', '192.0.3.0', false],
  ['192.0.2.7', '192.0.2.7', true],
  ['192.0.2.0/25', '192.0.2.0/24', false],
  ['0.0.0.0/0', '203.0.113.9', true],
  ['0.0.0.0/0', '2001:db8::7', false],
  ['::/0', '192.0.2.7', false],
  ['2001:db8::/48', '2001:db8:0:ffff::1', true],
  ['2001:db8::/48', '2001:db8:1::', false],
])('%s holds %s: %s', (outer, inner, wanted) => expect(holds(range(outer), range(inner))).toBe(wanted))

test('what is offered is the address one is at, or by IPv6 one’s network', () => {
  expect(mine('192.0.2.7')).toBe('192.0.2.7')
  expect(mine('2001:db8::a1b2:c3d4:e5f6:1')).toBe('2001:db8::/64')
  expect(mine('')).toBeUndefined()
})
