import { beforeEach, describe, expect, test } from 'vitest'
import { speak } from '../../testing/words'
import type { Permission } from './key'
import { deeds, sentences, type Told } from './summary'

const costs = (one: Permission) => ['RENEW_DOMAIN', 'CREATE_DOMAIN', 'CREATE_CERTIFICATE'].includes(one)
const renewer: Told = {
  permissions: ['VIEW_DOMAIN', 'RENEW_DOMAIN'],
  channels: ['API'],
  domains: ['*.be'],
  ipRules: ['192.0.2.0/24'],
  until: '2027-03-01',
}

describe('in English', () => {
  beforeEach(() => speak('en'))

  test('a key is told in sentences', () => {
    expect(sentences(renewer, costs)).toEqual([
      'May read domains; renew domains.',
      'Only for domains that end in .be.',
      'May spend money on this: renew domains. Not otherwise.',
      'Works over API.',
      'Only from 192.0.2.0/24.',
      expect.stringMatching(/^Until .*2027.*\.$/),
    ])
  })

  test.each<[string, Partial<Told>, string]>([
    ['no costs', { permissions: ['VIEW_DOMAIN', 'VIEW_CONTACT'] }, 'May not spend money.'],
    ['every domain', { domains: ['*'] }, 'For all domains.'],
    [
      'names before endings',
      { domains: ['*.be', 'a.nl', '*.eu'] },
      'Only for a.nl and domains that end in .be and .eu.',
    ],
    ['both channels', { channels: ['API', 'ISPROXY'] }, 'Works over API and ISProxy.'],
    ['from anywhere', { ipRules: [] }, 'From anywhere.'],
    ['several objects of one verb', { permissions: ['VIEW_DNS_ZONE', 'VIEW_HOST'] }, 'May read DNS zones and hosts.'],
    [
      'verbs in their order, whatever the order of the permissions',
      { permissions: ['DELETE_HOST', 'CHECK_DOMAIN', 'CREATE_HOST', 'VIEW_HOST'] },
      'May read hosts; add hosts; delete hosts; check whether domains are available.',
    ],
    [
      'two that cost',
      { permissions: ['RENEW_DOMAIN', 'CREATE_DOMAIN'] },
      'May spend money on this: renew domains; register domains. Not otherwise.',
    ],
  ])('%s', (_, more, want) => expect(sentences({ ...renewer, ...more }, costs)).toContain(want))

  test('nothing chosen is nothing allowed, whatever else stands there', () =>
    expect(sentences({ ...renewer, permissions: [] }, costs)).toEqual(['May do nothing yet.']))

  test('what is not chosen yet is left out', () =>
    expect(sentences({ ...renewer, channels: [], domains: [], until: '' }, costs)).toHaveLength(3))

  test('a right of a newer server keeps its own name, and is not lost', () =>
    expect(deeds(['FLY_DOMAIN' as Permission, 'VIEW_MOON' as Permission])).toEqual(['FLY_DOMAIN', 'VIEW_MOON']))
})

describe('in German', () => {
  beforeEach(() => speak('de'))

  test('a key is told in sentences', () => {
    expect(sentences({ ...renewer, channels: ['API', 'ISPROXY'], domains: ['*.be', 'a.nl'] }, costs)).toEqual([
      'Darf Domains lesen; Domains verlängern.',
      'Nur für a.nl und Domains, die auf .be enden.',
      'Darf hierfür Geld ausgeben: Domains verlängern. Sonst nicht.',
      'Gilt über API und ISProxy.',
      'Nur von 192.0.2.0/24 aus.',
      expect.stringMatching(/^Bis .*2027\.$/),
    ])
  })
})

test.each(['en', 'de'] as const)('every permission of the catalogue has words (%s)', async (language) => {
  await speak(language)
  const { default: german } = await import('../users/catalogue.de')
  const all = Object.keys(german.permissions) as Permission[]
  expect(all.length).toBeGreaterThan(60)
  expect(all.filter((one) => deeds([one])[0] === one)).toEqual([])
})
