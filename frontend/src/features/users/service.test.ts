import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import * as v from 'valibot'
import { daysLeft, inYears, latestDay } from './service'
import { serviceChanges, serviceSchema } from './serviceForm'

beforeEach(() => vi.useFakeTimers({ now: new Date('2028-02-29T23:30:00Z') }))
afterEach(() => vi.useRealTimers())

const terms = (expiresOn: string) => ({ expiresOn, expired: false, owner: { id: 'usr_1', name: 'Anna' }, purpose: '' })

test.each([
  ['2028-02-29', 0],
  ['2028-03-01', 1],
  ['2028-03-30', 30],
  ['2028-02-27', -2],
])('of %s, %i days are left after today', (day, left) => {
  expect(daysLeft(terms(day))).toBe(left)
})

test('two years from a leap day are what the server takes, too', () => {
  expect(inYears(1)).toBe('2029-03-01')
  expect(latestDay()).toBe('2030-03-01')
})

describe('what is wrong with the form', () => {
  const good = {
    ...{ login: 'billing', name: 'Billing job', purpose: '', owner: 'usr_1', expiresOn: '2028-02-29' },
    ...{ roles: ['rol_1'], accessPoints: ['API'], ipRules: [], newRule: '' },
  }
  const faults = (input: object, had?: string) => {
    const { issues } = v.safeParse(serviceSchema(had), { ...good, ...input })
    return Object.fromEntries((issues ?? []).map(({ path, message }) => [String(path?.[0]?.key), message]))
  }
  test.each<[string, object, object]>([
    ['nothing', {}, {}],
    ['the day is over', { expiresOn: '2028-02-28' }, { expiresOn: 'day_past' }],
    ['the day is too far', { expiresOn: '2030-03-02' }, { expiresOn: 'day_too_far' }],
    ['the last day that there may be', { expiresOn: '2030-03-01' }, {}],
    [
      'all of it at once',
      { name: ' ', owner: '', expiresOn: '', roles: [], accessPoints: [], newRule: 'here' },
      {
        ...{ name: 'required', owner: 'required', expiresOn: 'required', roles: 'required' },
        ...{ accessPoints: 'required', newRule: 'bad_address' },
      },
    ],
    ['too much purpose', { purpose: 'x'.repeat(301) }, { purpose: 'too_long' }],
  ])('%s', (_, input, wanted) => expect(faults(input)).toEqual(wanted))

  test('a last day that is over may stay, and no other', () => {
    expect(faults({ expiresOn: '2028-01-01' }, '2028-01-01')).toEqual({})
    expect(faults({ expiresOn: '2028-01-02' }, '2028-01-01')).toEqual({ expiresOn: 'day_past' })
  })

  test('only what was changed is sent', () => {
    expect(serviceChanges(good, { ...good })).toEqual({})
    expect(serviceChanges(good, { ...good, owner: 'usr_2', newRule: '192.0.2.7' })).toEqual({
      owner: 'usr_2',
      ipRules: ['192.0.2.7'],
    })
  })
})
