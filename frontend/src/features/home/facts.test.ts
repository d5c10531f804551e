import { beforeEach, describe, expect, test } from 'vitest'
import type { Output, Schema } from '../../api/client'
import { speak } from '../../testing/words'
import { pageOf, serve, sessionWith } from '../../testing/server'
import { enter } from '../session/session.svelte'
import { lookAround } from './facts'

const app = (id: string) => ({ id, name: '', createdAt: '2026-01-05T09:00:00Z', lastUsedAt: null, lastUsedFrom: '' })
const profile: Output<'profile.show'> = {
  user: {
    id: 'usr_1',
    login: 'anna',
    name: 'Anna Peeters',
    email: 'anna@harbour.example',
    mobile: '',
    language: 'en',
    adminUser: true,
    status: 'active',
    mfa: { state: 'on', requiredBy: '', requiredFrom: '' },
    forceMfa: false,
    roles: [],
    accessPoints: ['WEB', 'API', 'ISPROXY'],
    ipRules: [],
    createdAt: '2026-01-01T00:00:00Z',
    kind: 'person',
    service: null,
    lastSeenAt: null,
  },
  account: { id: 'acc_1', handle: 'harbour', name: 'Harbour Registry' },
  authenticatorApps: [app('app_1')],
  securityKeys: [],
  permissions: [],
  mfa: { state: 'on', requiredBy: '', requiredFrom: '' },
  recoveryCodesLeft: 10,
  apiPasswordShut: true,
}

type Count = Partial<Schema['Pagination']>
/** A server with so many of each; lists are counted and not sent. */
function have(counts: Record<string, Count>, own: Partial<typeof profile> = {}) {
  const count = (more: Count | undefined) => {
    const page = pageOf([], { total: 0 })
    return { ...page, pagination: { ...page.pagination, ...more } }
  }
  return serve({
    'profile.show': () => ({ ...profile, ...own }),
    'users.list': ({ status, mfa }) => count(counts[[status ?? 'all', mfa].filter(Boolean).join(' ')]),
    'keys.list': ({ user, state, lastUsedAt }) =>
      count(counts[`keys ${user ?? 'all'} ${lastUsedAt?.slice(0, 4) ?? state ?? ''}`]),
    'activity.list': ({ outcome }) => (outcome ? count(counts['refused']) : pageOf([])),
    'helpRequests.list': () => count(counts['help']),
    'accounts.listHelp': () => count(counts['help of customers']),
  })
}

beforeEach(async () => {
  await speak('en')
  await enter(sessionWith('VIEW_USER', 'MANAGE_USER', 'VIEW_ACTIVITY'))
})

describe('what is worth a look', () => {
  test('is counted by the server, and leads to the very list', async () => {
    const asked = have({
      all: { total: 5_000 },
      'active setup_required': { total: 2 },
      'active off': { total: 1 },
      invited: { total: 10_000, totalIsMinimum: true },
      refused: { total: 7 },
      help: { total: 3 },
    })
    expect((await lookAround()).attention).toEqual([
      { id: 'helpColleagues', count: 3, atLeast: false, href: '#/help-requests' },
      { id: 'notSetUp', count: 2, atLeast: false, href: '#/users?status=active&mfa=setup_required' },
      { id: 'noMfa', count: 1, atLeast: false, href: '#/users?status=active&mfa=off' },
      { id: 'invited', count: 10_000, atLeast: true, href: '#/users?status=invited' },
      { id: 'refused', count: 7, atLeast: false, href: '#/activity?days=1&event=session.signed_in&outcome=refused' },
    ])
    const lists = asked.filter(({ operation, input }) => operation.endsWith('.list') && input['limit'] !== 6)
    expect(lists.map(({ input }) => input['limit'])).toEqual(lists.map(() => 0))
  })

  test('is nothing when there is nothing', async () => {
    have({ all: { total: 1 }, active: { total: 1 } })
    expect((await lookAround()).attention).toEqual([])
  })

  test('are keys: everybody’s for whoever looks after them, else one’s own', async () => {
    const counts = { 'keys all expiring': { total: 2 }, 'keys all null': { total: 1 }, 'keys usr_1 lt:2': { total: 3 } }
    await enter(sessionWith('MANAGE_API_KEY', 'MANAGE_USER_API_KEY'))
    have(counts)
    expect((await lookAround()).attention).toMatchObject([
      { id: 'keysExpiring', count: 2, href: '#/keys?whose=all&show=expiring' },
      { id: 'keysNever', count: 1, href: '#/keys?whose=all&show=never' },
    ])
    await enter(sessionWith('MANAGE_API_KEY'))
    have(counts)
    expect((await lookAround()).attention).toMatchObject([{ id: 'keysStale', count: 3, href: '#/keys?show=stale' }])
  })

  test('asks nothing of keys for whoever may not see any', async () => {
    const asked = have({})
    await lookAround()
    expect(asked.filter(({ operation }) => operation === 'keys.list')).toEqual([])
  })

  test('is also what is one’s own: the last recovery code, or no second factor', async () => {
    have({}, { recoveryCodesLeft: 0 })
    expect((await lookAround()).attention).toMatchObject([{ id: 'codesLow', count: 0 }])
    have({}, { mfa: { state: 'off', requiredBy: '', requiredFrom: '' }, authenticatorApps: [], recoveryCodesLeft: 0 })
    expect((await lookAround()).attention).toMatchObject([{ id: 'ownOff' }])
  })
})

describe('the first steps', () => {
  const done = async () => (await lookAround()).steps.filter((step) => step.done).map((step) => step.id)

  test('are ticked by what is true', async () => {
    have({ all: { total: 1 }, active: { total: 1 } })
    expect(await done()).toEqual(['password', 'second', 'codes'])
    have({ all: { total: 2 }, active: { total: 1 } }, { authenticatorApps: [app('app_1'), app('app_2')] })
    expect(await done()).toEqual(['password', 'second', 'codes', 'another', 'colleague'])
    have({ all: { total: 2 }, active: { total: 2 } })
    expect(await done()).toContain('came')
  })

  test('are those that one can do oneself', async () => {
    await enter(sessionWith('VIEW_USER'))
    have({})
    expect((await lookAround()).steps.map((step) => step.id)).toEqual(['password', 'second', 'codes', 'another'])
  })
})
