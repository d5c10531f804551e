import { beforeEach, describe, expect, test } from 'vitest'
import { speak } from '../../testing/words'
import { changesOf, domainsOf, holdsPattern, patternFault, rulesIn, toInput, valuesOf } from './draft'
import { fromAddress, search, searched, toAddress, toQuery } from './filter'
import { lastDay, marks, type Detail } from './key'
import { applied, jobs, kinds, type Template } from './templates'

const hour = 3_600_000
const day = 24 * hour
const at = (ms: number) => new Date(Date.now() + ms).toISOString()
const key: Detail = {
  id: 'key_1',
  userId: 'usr_1',
  userName: 'Anna',
  description: 'Shop',
  shown: 'gate_abcdef',
  state: 'active',
  channels: ['API', 'ISPROXY'],
  permissions: ['VIEW_DOMAIN', 'CHECK_DOMAIN'],
  domains: ['*.be', 'a.nl'],
  ipRules: ['192.0.2.0/24'],
  createdAt: at(-30 * day),
  expiresAt: '2027-03-02T00:00:00Z',
  successor: '',
  lastUsedAt: at(-hour),
  lastAddress: '192.0.2.7',
  lastProgram: 'shop/1',
  stale: false,
  effective: ['VIEW_DOMAIN', 'CHECK_DOMAIN'],
  uses: [],
  works: true,
  code: '' as Detail['code'],
  closed: '' as Detail['closed'],
  narrowed: false,
}

beforeEach(() => speak('en'))

describe('what is seen of a key at a glance', () => {
  const never = { lastUsedAt: null }
  test.each<[string, Partial<Detail>, string[]]>([
    ['as it should be', {}, []],
    ['expiring', { state: 'expiring', expiresAt: at(5 * day + hour) }, ['expires in 5 days']],
    ['expiring tomorrow', { state: 'expiring', expiresAt: at(20 * hour) }, ['expires in 20 h']],
    ['rotated', { state: 'rotated', successor: 'key_2', expiresAt: at(20 * hour) }, ['old key, ends in 20 h']],
    [
      'rotated for long',
      { state: 'rotated', successor: 'key_2', expiresAt: at(9 * day + hour) },
      ['old key, ends in 9 days'],
    ],
    ['fresh', { ...never, createdAt: at(-6 * day) }, ['new']],
    ['never used', { ...never, createdAt: at(-8 * day) }, ['never used']],
    ['never used for long', { ...never, stale: true }, ['never used']],
    ['stale', { stale: true }, ['not used for 90 days']],
    ['over, and nothing else matters', { state: 'expired', ...never, stale: true }, ['over']],
  ])('%s', (_, more, want) => expect(marks({ ...key, ...more }).map(({ text }) => text)).toEqual(want))

  test('the last day is the one before midnight; what is cut has none', () => {
    expect(lastDay(key)).toBe('2027-03-01')
    expect(lastDay({ expiresAt: '2027-03-01T12:34:56Z' })).toBeUndefined()
  })
})

describe('the address', () => {
  const key = `gate_abcdef${'S'.repeat(43)}`
  test.each([
    key,
    ` ${key} `,
    `ApiKey ${key}`,
    `Authorization: ApiKey ${key}`,
    `key=${key}&x=S`,
    `"${key}"`,
    `APIKEY${key}`,
    `_${key}`,
    `API_KEY=${key}\nSECRET=S`,
  ])('%j gives away no more of a key than everybody may see', (pasted) => {
    const address = new URLSearchParams({ q: pasted })
    expect(searched(pasted)).toBe('gate_abcdef')
    expect(toAddress({ ...fromAddress(new URLSearchParams()), q: pasted })['q']).toBe('gate_abcdef')
    expect(toQuery(fromAddress(address), 'usr_1')).toEqual({ user: 'usr_1', shown: 'gate_abcdef' })
    expect(search(pasted)).toEqual({ shown: 'gate_abcdef' })
  })

  test.each(['Web shop', 'aggregate_reporting', 'gatekeeper', 'gate-1'])('%s is the name of a key', (typed) =>
    expect(searched(typed)).toBe(typed),
  )

  test.each([
    ['', { user: 'usr_1' }],
    ['whose=all', {}],
    ['whose=all&user=usr_2', { user: 'usr_2' }],
    ['whose=all&show=expiring&sort=expiresAt', { state: 'expiring', order: 'expiresAt' }],
    ['whose=all&show=stolen&sort=secret', {}],
    ['whose=all&q=100%25', { description: 'like:%100%' }],
    ['whose=all&q=gate_a', { shown: 'like:gate_a%' }],
  ])('%s asks for what it says', (address, want) =>
    expect(toQuery(fromAddress(new URLSearchParams(address)), 'usr_1')).toEqual(want),
  )
})

describe('domains', () => {
  test.each(['example.be', '*.be', '*.example.be', 'bücher.de', 'EXAMPLE.be.', ''])('%s is one', (text) =>
    expect(patternFault(text)).toBeUndefined(),
  )
  test.each(['be', 'https://example.be', 'a b.be', '*', '*be', 'a.*.be', '-a.be', 'a..be', '<b>.be/', '*.'])(
    '%s is none',
    (text) => expect(patternFault(text)).toBe('bad_format'),
  )
  test.each([
    ['*', 'a.be', true],
    ['*.be', 'a.be', true],
    ['*.be', '*.a.be', true],
    ['*.be', 'be', false],
    ['*.a.be', 'a.be', false],
    ['*.a.be', 'xa.be', false],
    ['*.be', '*', false],
    ['a.be', '*.a.be', false],
  ])('%s holds %s: %s', (outer, inner, want) => expect(holdsPattern(outer, inner)).toBe(want))

  test('what was typed and not added counts', () => {
    expect(domainsOf({ every: false, domains: ['a.nl'], newDomain: ' *.BE ' })).toEqual(['a.nl', '*.be'])
    expect(domainsOf({ every: true, domains: ['a.nl'], newDomain: '*.be' })).toEqual(['*'])
    expect(rulesIn({ ipRules: ['192.0.2.1'], newRule: '2001:DB8::/32' })).toEqual(['192.0.2.1', '2001:db8::/32'])
  })
})

describe('what is sent', () => {
  test('of a key that is narrowed, only what was changed', () => {
    const values = valuesOf(key)
    expect(changesOf(key, values)).toEqual({})
    expect(changesOf(key, { ...values, domains: ['a.nl', '*.be'], ipRules: [...values.ipRules] })).toEqual({})
    expect(changesOf(key, { ...values, description: 'B', channels: ['API'], domains: ['a.nl'] })).toEqual({
      description: 'B',
      channels: ['API'],
      domains: ['a.nl'],
    })
  })
  test('one’s own key names nobody', () => {
    expect(toInput(valuesOf(key), '')).not.toHaveProperty('user')
    expect(toInput(valuesOf(key), 'usr_2')).toHaveProperty('user', 'usr_2')
  })
})

describe('templates', () => {
  const catalogue = (
    ['VIEW_PROCESS', 'VIEW_DOMAIN', 'VIEW_AUTHCODE', 'CHECK_DOMAIN', 'UPDATE_DOMAIN', 'RENEW_DOMAIN'] as const
  ).map((permission) => ({ permission, costs: permission === 'RENEW_DOMAIN' }))
  const all = new Set(catalogue.map(({ permission }) => permission))
  const template = (id: string): Template =>
    [...kinds, ...jobs].find((one) => one.id === id) ?? { id: 'empty', channels: [], takes: () => false }
  test.each([
    ['read', ['VIEW_PROCESS', 'VIEW_DOMAIN', 'CHECK_DOMAIN']],
    ['free', ['VIEW_PROCESS', 'VIEW_DOMAIN', 'VIEW_AUTHCODE', 'CHECK_DOMAIN', 'UPDATE_DOMAIN']],
    ['all', [...all]],
    ['empty', []],
    ['renew', ['VIEW_PROCESS', 'VIEW_DOMAIN', 'RENEW_DOMAIN']],
  ])('%s', (id, want) => expect(applied(template(id), catalogue, all).permissions).toEqual(want))

  test('give nothing that is not held; a job says what it lacks', () => {
    const few = new Set(['VIEW_DOMAIN'] as const)
    expect(applied(template('all'), catalogue, few)).toEqual({ permissions: ['VIEW_DOMAIN'], missing: [] })
    expect(applied(template('renew'), catalogue, few).missing).toEqual(['VIEW_PROCESS', 'RENEW_DOMAIN'])
  })
})
