import { beforeEach, describe, expect, test } from 'vitest'
import type { Schema } from '../../api/client'
import { setLanguage } from '../../messages/index.svelte'
import { pageOf, serve, sessionWith } from '../../testing/server'
import { enter } from '../session/session.svelte'
import { lookAround } from './facts'

const user = (n: number, more: Partial<Schema['User']> = {}): Schema['User'] => ({
  id: `usr_${n}`,
  login: `u${n}`,
  name: `User ${n}`,
  email: `u${n}@harbour.example`,
  mobile: '',
  language: 'en',
  adminUser: false,
  status: 'active',
  mfa: { state: 'on', requiredBy: '' },
  forceMfa: false,
  roles: [],
  createdAt: '2026-01-01T00:00:00Z',
  lastSeenAt: null,
  ...more,
})
const signIn = (seq: number, outcome: 'done' | 'refused'): Schema['Record'] => ({
  seq,
  at: '2026-01-01T00:00:00Z',
  event: 'session.signed_in',
  outcome,
  actor: { kind: 'anonymous', id: '', name: '' },
  object: { kind: 'user', id: 'usr_1', name: 'Anna' },
  source: { face: 'browser', address: '', program: '' },
  means: '',
  reason: '',
  detail: {},
})
const profile: Schema['Profile'] = {
  user: user(1),
  account: { id: 'acc_1', handle: 'harbour', name: 'Harbour Registry' },
  authenticatorApps: [{ id: 'app_1', name: '', createdAt: '2026-01-05T09:00:00Z', lastUsedAt: null, lastUsedFrom: '' }],
  permissions: [],
  mfa: { state: 'on', requiredBy: '' },
  recoveryCodesLeft: 10,
}
const many = { nextCursor: 'more' }

/** A server with these lists; `people` and `signIns` are the first pages, which may not be all. */
function have(lists: {
  active: ReturnType<typeof pageOf<Schema['User']>>
  invited?: Partial<Schema['Pagination']>
  signIns?: ReturnType<typeof pageOf<Schema['Record']>>
}) {
  return serve({
    'profile.show': () => profile,
    'users.list': ({ status }) => {
      if (status === 'active') return lists.active
      const page = pageOf([user(1)], { total: status === 'invited' ? 0 : 5_000 })
      return status === 'invited' ? { ...page, pagination: { ...page.pagination, ...lists.invited } } : page
    },
    'activity.list': ({ event }) => (event === 'session.signed_in' ? (lists.signIns ?? pageOf([])) : pageOf([])),
  })
}

beforeEach(async () => {
  await setLanguage('en')
  await enter(sessionWith('VIEW_USER', 'MANAGE_USER', 'VIEW_ACTIVITY'))
})

describe('what is worth a look', () => {
  test('a part of a list is named as one', async () => {
    have({
      active: pageOf([user(1), user(2, { mfa: { state: 'off', requiredBy: '' } })], many),
      signIns: pageOf([signIn(2, 'refused'), signIn(1, 'done')], many),
    })
    const { attention, partial } = await lookAround()
    expect(attention).toMatchObject([
      { id: 'noMfa', count: 1, limit: { of: 'active', count: 2 } },
      { id: 'refused', count: 1, limit: { of: 'signIns', count: 2 } },
    ])
    expect(partial).toBe(true)
  })

  test('a whole list is counted without reserve', async () => {
    have({
      active: pageOf([user(1), user(2, { mfa: { state: 'setup_required', requiredBy: 'policy' } })]),
      signIns: pageOf([signIn(1, 'refused')]),
    })
    const { attention, partial } = await lookAround()
    expect(attention.map(({ id, limit }) => ({ id, limit }))).toEqual([
      { id: 'noMfa', limit: undefined },
      { id: 'refused', limit: undefined },
    ])
    expect(partial).toBe(false)
  })

  test.each([
    [{ total: 320 }, undefined],
    [{ total: 10_000, totalIsMinimum: true }, { of: 'more' }],
  ])('the invited are counted by the server: %j', async (invited, limit) => {
    have({ active: pageOf([user(1)]), invited })
    expect((await lookAround()).attention).toMatchObject([{ id: 'invited', count: invited.total, limit }])
  })

  test('only sign-ins are asked for, so that other acts do not push refusals out', async () => {
    const asked = have({ active: pageOf([user(1)]) })
    await lookAround()
    expect(asked.find(({ input }) => 'since' in input)?.input).toMatchObject({ event: 'session.signed_in' })
  })
})

describe('the step "a colleague has signed in"', () => {
  const came = async () => (await lookAround()).steps.find((step) => step.id === 'came')?.done

  test('is ticked by anybody who came, and by nobody else', async () => {
    have({ active: pageOf([user(1, { lastSeenAt: '2026-01-01T00:00:00Z' })]) })
    expect(await came()).toBe(false)
    have({ active: pageOf([user(1), user(2, { lastSeenAt: '2026-01-01T00:00:00Z' })]) })
    expect(await came()).toBe(true)
  })

  test('is left out while nobody can tell', async () => {
    have({ active: pageOf([user(1), user(2)], many) })
    expect(await came()).toBeUndefined()
  })
})
