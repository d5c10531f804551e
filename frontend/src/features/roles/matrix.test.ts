import { describe, expect, test } from 'vitest'
import {
  blocked,
  differences,
  groupState,
  grouped,
  holds,
  lacking,
  put,
  step,
  type Definition,
  type Role,
} from './matrix'

const role = (id: string, permissions: Role['permissions'], more: Partial<Role> = {}): Role => ({
  id,
  name: id,
  description: '',
  builtIn: false,
  permissions,
  grantable: true,
  mine: false,
  users: 0,
  usersIsMinimum: false,
  ...more,
})
const definition = (permission: Definition['permission'], more: Partial<Definition> = {}): Definition => ({
  permission,
  group: 'Domains',
  description: `About ${permission}.`,
  costs: false,
  installation: false,
  held: true,
  needs: [],
  ...more,
})
const tech = role('tech', ['VIEW_DOMAIN', 'UPDATE_DOMAIN'])

describe('changes', () => {
  test('a permission put in and taken out again is no change', () => {
    const once = put(tech, {}, ['RENEW_DOMAIN'], true)
    expect(holds(tech, once, 'RENEW_DOMAIN')).toBe(true)
    expect(put(tech, once, ['RENEW_DOMAIN'], false)).toEqual({})
    expect(put(tech, {}, ['VIEW_DOMAIN'], true)).toEqual({})
  })
  test('the difference names what is added and removed, role by role', () => {
    const other = role('other', [])
    const changes = put(
      other,
      put(tech, put(tech, {}, ['VIEW_DOMAIN'], false), ['VIEW_HOST'], true),
      ['VIEW_HOST'],
      true,
    )
    expect(differences([tech, other, role('third', [])], changes)).toEqual([
      { role: tech, added: ['VIEW_HOST'], removed: ['VIEW_DOMAIN'], after: ['UPDATE_DOMAIN', 'VIEW_HOST'] },
      { role: other, added: ['VIEW_HOST'], removed: [], after: ['VIEW_HOST'] },
    ])
  })
  test('what somebody else did meanwhile is not to be done any more', () => {
    const changes = put(tech, put(tech, {}, ['VIEW_HOST'], true), ['VIEW_DOMAIN'], false)
    expect(differences([role('tech', ['VIEW_HOST', 'UPDATE_DOMAIN'])], changes)).toEqual([])
    const [left] = differences([role('tech', ['VIEW_DOMAIN', 'VIEW_HOST', 'VIEW_CONTACT'])], changes)
    expect(left).toMatchObject({ added: [], removed: ['VIEW_DOMAIN'], after: ['VIEW_HOST', 'VIEW_CONTACT'] })
  })
})

test('a group is all, none or some', () => {
  expect(groupState(tech, {}, ['VIEW_DOMAIN', 'UPDATE_DOMAIN'])).toBe('true')
  expect(groupState(tech, {}, ['VIEW_DOMAIN', 'RENEW_DOMAIN'])).toBe('mixed')
  expect(groupState(tech, {}, ['RENEW_DOMAIN'])).toBe('false')
  expect(groupState(tech, put(tech, {}, ['RENEW_DOMAIN'], true), ['RENEW_DOMAIN'])).toBe('true')
})

test('what is put in names what it needs and the role lacks', () => {
  const catalogue = [definition('VIEW_PROCESS'), definition('RENEW_DOMAIN', { needs: ['VIEW_PROCESS', 'VIEW_DOMAIN'] })]
  const hints = (changes: ReturnType<typeof put>) =>
    differences([tech], changes).flatMap((diff) => lacking(diff, catalogue))
  expect(hints(put(tech, {}, ['RENEW_DOMAIN'], true))).toEqual([
    { permission: 'RENEW_DOMAIN', missing: ['VIEW_PROCESS'] },
  ])
  expect(hints(put(tech, {}, ['RENEW_DOMAIN', 'VIEW_PROCESS'], true))).toEqual([])
})

test('a cell says why it cannot be changed', () => {
  const renew = definition('RENEW_DOMAIN')
  expect(blocked(tech, renew, [tech], true)).toBeUndefined()
  expect(blocked(tech, renew, [tech], false)).toBe('forbidden')
  expect(blocked(role('admin', [], { builtIn: true }), renew, [], true)).toBe('fixed')
  expect(blocked(tech, definition('RENEW_DOMAIN', { held: false }), [tech], true)).toBe('notHeld')
  const own = role('own', ['RENEW_DOMAIN'], { mine: true })
  expect(blocked(own, renew, [own, tech], true)).toBe('own')
  const admin = role('admin', ['RENEW_DOMAIN'], { mine: true, builtIn: true })
  expect(blocked(own, renew, [own, admin], true)).toBeUndefined()
})

test('a search looks at names and descriptions, and all its words must fit', () => {
  const catalogue = [definition('RENEW_DOMAIN'), definition('VIEW_INVOICE', { group: 'Financial' })]
  const found = (query: string) =>
    grouped(catalogue, query, (one) => (one.group === 'Financial' ? 'Rechnungen sehen' : one.description)).flatMap(
      ({ all }) => all.map(({ permission }) => permission),
    )
  expect(found('')).toEqual(['RENEW_DOMAIN', 'VIEW_INVOICE'])
  expect(found('RECHN')).toEqual(['VIEW_INVOICE'])
  expect(found('renew domain')).toEqual(['RENEW_DOMAIN'])
  expect(found('domain invoice')).toEqual([])
  expect(found('[a-z]+')).toEqual([])
})

test.each([
  ['ArrowDown', false, { row: 0, column: 2 }, { row: 1, column: 2 }],
  ['ArrowDown', false, { row: 9, column: 2 }, { row: 9, column: 2 }],
  ['ArrowUp', false, { row: 0, column: 0 }, { row: 0, column: 0 }],
  ['ArrowRight', false, { row: 3, column: 3 }, { row: 3, column: 3 }],
  ['ArrowLeft', false, { row: 3, column: 3 }, { row: 3, column: 2 }],
  ['Home', false, { row: 3, column: 3 }, { row: 3, column: 0 }],
  ['End', false, { row: 3, column: 0 }, { row: 3, column: 3 }],
  ['Home', true, { row: 3, column: 3 }, { row: 0, column: 0 }],
  ['End', true, { row: 3, column: 0 }, { row: 9, column: 3 }],
  ['PageDown', false, { row: 3, column: 1 }, { row: 9, column: 1 }],
  ['PageUp', false, { row: 9, column: 1 }, { row: 1, column: 1 }],
] as const)('%s, with Ctrl: %s, from %o leads to %o', (key, ctrl, from, to) => {
  expect(step(key, ctrl, from, 10, 4)).toEqual(to)
})
test('other keys lead nowhere', () => expect(step(' ', false, { row: 0, column: 0 }, 10, 4)).toBeUndefined())
