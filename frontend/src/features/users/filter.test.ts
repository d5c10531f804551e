import { expect, test } from 'vitest'
import { href, parseRoute } from '../../router.svelte'
import { everybody, fromAddress, isFiltered, toAddress, toQuery, type Filter } from './filter'

const all: Filter = { q: '', status: undefined, mfa: undefined, kind: undefined, role: '', order: 'name' }
const there = (filter: Filter) => href('/users', toAddress(filter))

test.each<[Partial<Filter>, string]>([
  [{}, '#/users'],
  [{ q: 'ann & co' }, '#/users?q=ann+%26+co'],
  [{ status: 'invited' }, '#/users?status=invited'],
  [{ mfa: 'setup_required', role: 'rol_1' }, '#/users?mfa=setup_required&role=rol_1'],
  [{ kind: 'service' }, '#/users?kind=service'],
  [{ order: '-lastSeenAt' }, '#/users?sort=-lastSeenAt'],
])('%j has the address %s, and comes back from it', (some, address) => {
  const filter = { ...all, ...some }
  expect(there(filter)).toBe(address)
  expect(fromAddress(parseRoute(address).params)).toEqual(filter)
})

test('what an address cannot mean is left out', () => {
  expect(fromAddress(new URLSearchParams('status=gone&mfa=maybe&sort=password&add=1'))).toEqual(all)
})

test('the server is asked only for what is filtered', () => {
  expect(toQuery(all)).toEqual({})
  expect(toQuery({ ...all, q: 'tom', mfa: 'off', order: '-name' })).toEqual({ q: 'tom', mfa: 'off', order: '-name' })
})

test('clearing the filters keeps the order, which hides nobody', () => {
  const filter: Filter = { q: 'tom', status: 'active', mfa: 'on', kind: 'service', role: 'rol_1', order: '-createdAt' }
  expect(isFiltered(filter)).toBe(true)
  expect(everybody(filter)).toEqual({ ...all, order: '-createdAt' })
  expect(isFiltered(everybody(filter))).toBe(false)
})
