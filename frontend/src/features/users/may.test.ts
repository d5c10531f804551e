import { beforeEach, expect, test } from 'vitest'
import { speak } from '../../testing/words'
import type { User } from './list.svelte'
import { mayOf, offered, reason, type Act, type Viewer } from './may'

beforeEach(() => speak('en'))

const tom: User = {
  id: 'usr_tom',
  login: 'tom',
  name: 'Tom Willems',
  email: 'tom@harbour.example',
  mobile: '',
  language: 'en',
  status: 'active',
  roles: [{ id: 'rol_tech', name: 'Tech' }],
  mfa: { state: 'on', requiredBy: '', requiredFrom: '' },
  forceMfa: false,
  adminUser: false,
  accessPoints: ['WEB', 'API', 'ISPROXY'],
  ipRules: [],
  createdAt: '2026-05-01T08:00:00Z',
  kind: 'person',
  service: null,
  lastSeenAt: null,
}
const anna: Viewer = { id: 'usr_anna', manages: true, beyond: new Set() }

const refused = (user: User, viewer: Viewer = anna) =>
  Object.fromEntries(
    mayOf(user, viewer)
      .filter((one) => !one.allowed)
      .map((one) => [one.act, one.code]),
  )

test.each<[string, User, Viewer, Partial<Record<Act, string>>]>([
  ['an active user', tom, anna, { reactivate: 'conflict' }],
  ['a deactivated user', { ...tom, status: 'deactivated' }, anna, { deactivate: 'conflict', reissue: 'conflict' }],
  [
    'a user without a second factor',
    { ...tom, mfa: { state: 'setup_required', requiredBy: 'policy', requiredFrom: '' } },
    anna,
    { reactivate: 'conflict', resetSecondFactors: 'conflict' },
  ],
  [
    'the admin user',
    { ...tom, adminUser: true },
    anna,
    {
      deactivate: 'admin_user',
      delete: 'admin_user',
      reissue: 'admin_user',
      resetSecondFactors: 'admin_user',
      accessPoints: 'admin_user',
      contact: 'admin_user',
      ipRules: 'admin_user',
      reactivate: 'conflict',
    },
  ],
])('%s', (_, user, viewer, wanted) => {
  expect(refused(user, viewer)).toEqual(wanted)
})

test('oneself can only be edited, but for the rights', () => {
  const own = mayOf({ ...tom, id: anna.id }, anna)
  expect(own.filter((one) => one.allowed).map((one) => one.act)).toEqual(['update', 'contact', 'ipRules'])
  expect(reason(own, 'resetSecondFactors')).toContain('in your profile')
  expect(reason(own, 'delete')).toBe('Nobody changes their own rights. Ask another administrator.')
})

test('the admin user reads about themselves that they stay, not that a colleague could help', () => {
  const own = mayOf({ ...tom, id: anna.id, adminUser: true }, anna)
  expect(reason(own, 'delete')).toMatch(/^The admin user of an account cannot be deleted/)
  expect(reason(own, 'deactivate')).toMatch(/^The admin user of an account cannot be deleted/)
  expect(reason(own, 'resetSecondFactors')).toContain('in your profile')
})

test('whoever holds more, or may manage nobody, can do nothing at all', () => {
  for (const viewer of [
    { ...anna, beyond: new Set(['rol_tech']) },
    { ...anna, manages: false },
  ])
    expect(mayOf(tom, viewer).some((one) => one.allowed)).toBe(false)
  expect(reason(mayOf(tom, { ...anna, manages: false }), 'update')).toContain('MANAGE_USER')
  expect(reason(mayOf(tom, { ...anna, beyond: new Set(['rol_tech']) }), 'update')).toContain('do not hold')
})

test('the admin user is explained on the spot', () => {
  const may = mayOf({ ...tom, adminUser: true }, anna)
  expect(reason(may, 'delete')).toMatch(/^The admin user of an account cannot be deleted/)
  expect(reason(may, 'reissue')).toMatch(/^Only the operator/)
  expect(reason(may, 'update')).toBeUndefined()
})

test('a reason that this build has no words for is told in the words of the server', () => {
  const code = 'of_tomorrow' as 'conflict'
  expect(reason([{ act: 'delete', allowed: false, code, detail: 'Not on Sundays.' }], 'delete')).toBe('Not on Sundays.')
})

const billing: User = {
  ...tom,
  kind: 'service',
  email: '',
  accessPoints: ['API'],
  mfa: { state: 'off', requiredBy: '', requiredFrom: '' },
  service: { owner: { id: 'usr_anna', name: 'Anna' }, expiresOn: '2027-03-01', expired: false, purpose: '' },
}

test('nobody signs in as a program, so it is only edited, switched off and deleted', () => {
  expect(offered(billing)).toEqual(['update', 'deactivate', 'delete'])
  const may = mayOf(billing, anna)
  for (const act of ['update', 'roles', 'accessPoints', 'ipRules', 'deactivate', 'delete'] as const)
    expect(reason(may, act), act).toBeUndefined()
  for (const act of ['reissue', 'resetSecondFactors', 'endSessions'] as const)
    expect(reason(may, act), act).toMatch(/service user/)
})

test('a program that may do more than the viewer is out of reach', () => {
  expect(mayOf(billing, { ...anna, beyond: new Set(['rol_tech']) }).some((one) => one.allowed)).toBe(false)
})

test('of switching off and on, the one that fits is offered', () => {
  expect(offered(tom)).not.toContain('reactivate')
  expect(offered({ ...tom, status: 'deactivated' })).not.toContain('deactivate')
})
