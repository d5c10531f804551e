import { expect, test } from 'vitest'
import { grouped, words } from './catalogue'
import type { User } from './list.svelte'
import { changes, difference, isAdminRole, valuesOf, type Role } from './rights'

const role = (id: string, permissions: Role['permissions'], builtIn = false): Role => ({
  id,
  name: id,
  description: '',
  builtIn,
  permissions,
  grantable: true,
  mine: false,
  users: 0,
  usersIsMinimum: false,
})
const roles = [
  role('support', ['VIEW_DOMAIN', 'VIEW_CONTACT']),
  role('tech', ['VIEW_DOMAIN', 'UPDATE_DOMAIN']),
  role('finance', ['VIEW_INVOICE']),
]

test('the preview counts what roles add up to, and a permission of two roles once', () => {
  expect(difference(roles, ['support'], ['tech'])).toEqual({ more: ['UPDATE_DOMAIN'], less: ['VIEW_CONTACT'] })
  expect(difference(roles, ['support', 'tech'], ['tech'])).toEqual({ more: [], less: ['VIEW_CONTACT'] })
  expect(difference(roles, [], ['support', 'tech']).more).toHaveLength(3)
  expect(difference(roles, ['finance'], ['finance'])).toEqual({ more: [], less: [] })
})

test('the role that the admin user keeps is the built-in one that manages users', () => {
  expect(isAdminRole(role('admin', ['MANAGE_USER'], true))).toBe(true)
  expect(isAdminRole(role('all', ['VIEW_DOMAIN'], true))).toBe(false)
  expect(isAdminRole(role('own', ['MANAGE_USER']))).toBe(false)
})

test('only what was changed is sent, and another order of roles is no change', () => {
  const before = valuesOf({
    login: 'tom',
    name: 'Tom',
    email: 'tom@harbour.example',
    mobile: '+32470123456',
    language: 'en',
    forceMfa: false,
    accessPoints: ['WEB', 'API'],
    ipRules: ['10.0.0.0/8'],
    roles: [
      { id: 'a', name: 'A' },
      { id: 'b', name: 'B' },
    ],
  } as User)
  expect(changes(before, { ...before, roles: ['b', 'a'] })).toEqual({})
  expect(changes(before, { ...before, mobile: '', roles: ['b'] })).toEqual({ mobile: '', roles: ['b'] })
  expect(changes(before, { ...before, name: 'Tomas', email: 't@h.example', language: 'de', forceMfa: true })).toEqual({
    name: 'Tomas',
    email: 't@h.example',
    language: 'de',
    forceMfa: true,
  })
  expect(changes(before, { ...before, accessPoints: ['API', 'WEB'] })).toEqual({})
  expect(changes(before, { ...before, accessPoints: ['WEB'], newRule: ' 192.0.2.7 ' })).toEqual({
    accessPoints: ['WEB'],
    ipRules: ['10.0.0.0/8', '192.0.2.7'],
  })
  expect(changes(before, { ...before, ipRules: [] }), 'no rules any more').toEqual({ ipRules: [''] })
})

const catalogue = [
  { permission: 'VIEW_TLD', group: 'General' },
  { permission: 'VIEW_DOMAIN', group: 'Domains' },
  { permission: 'CREATE_DOMAIN', group: 'Domains' },
  { permission: 'VIEW_HOST', group: 'Hosts' },
].map((one) => ({
  ...one,
  description: 'In English.',
  costs: false,
  installation: false,
  held: true,
  needs: [],
})) as Parameters<typeof grouped>[0]

test('permissions stand in the groups and the order of the catalogue, each with its roles', () => {
  const through = [{ id: 'tech', name: 'Tech' }]
  const held = [
    { permission: 'CREATE_DOMAIN', roles: through },
    { permission: 'VIEW_TLD', roles: through },
  ] as const
  expect(
    grouped(
      catalogue,
      held.map((one) => ({ ...one, roles: [...one.roles] })),
    ).map(({ group, all, held }) => [group, all, held.map((one) => [one.permission, one.roles[0]?.name])]),
  ).toEqual([
    ['General', 1, [['VIEW_TLD', 'Tech']]],
    ['Domains', 2, [['CREATE_DOMAIN', 'Tech']]],
  ])
})

test('the catalogue speaks the language of the page, and of what is new the words of the server', async () => {
  const german = await words('de')
  const first = catalogue[0] as (typeof catalogue)[number]
  expect(german.group('DNS zones')).toBe('DNS-Zonen')
  expect(german.group('Weather')).toBe('Weather')
  expect(german.describe(first)).toContain('Top-Level-Domain')
  expect((await words('en')).describe(first)).toBe('In English.')
})
