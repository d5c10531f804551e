import { call, type Output, type Schema } from '../../api/client'
import { serverNow } from '../../api/clock'
import { href } from '../../router.svelte'
import { can } from '../session/session.svelte'

/** A first step; done when the database says so, never by a click. */
export interface Step {
  id: 'password' | 'second' | 'codes' | 'colleague' | 'came'
  done: boolean
  href: string
}

/** Something worth a look, with where to look. */
export interface Attention {
  id: 'noMfa' | 'invited' | 'refused' | 'codesLow'
  count: number
  /** How the count is meant, when it is not the whole truth: found in a part of the list, or at least. */
  limit?: Limit
  href: string
}
export type Limit = { of: 'active' | 'signIns'; count: number } | { of: 'more' }

export interface Facts {
  steps: Step[]
  attention: Attention[]
  /** True when only a part of a list was looked at, so that finding nothing does not mean there is nothing. */
  partial: boolean
  recent: Schema['Record'][] | undefined
}

const sample = 100
const lowCodes = 3
const recentCount = 6

type Users = Output<'users.list'>
/** Answers to three questions, since only a filter makes a total mean what is asked. */
interface People {
  all: Users
  active: Users
  invited: Users
}

/** Gathers what the home page tells, as far as this person's permissions reach. */
export async function lookAround(): Promise<Facts> {
  const since = new Date(serverNow() - 86_400_000).toISOString()
  const [profile, people, recent, signIns] = await Promise.all([
    call('profile.show'),
    can('VIEW_USER') ? askForPeople() : undefined,
    can('VIEW_ACTIVITY') ? call('activity.list', { limit: recentCount }) : undefined,
    can('VIEW_ACTIVITY') ? call('activity.list', { limit: sample, since, event: signedIn }) : undefined,
  ])
  return {
    steps: steps(profile, people),
    attention: [
      ...ownAttention(profile),
      ...(people ? userAttention(people) : []),
      ...(signIns ? refusals(signIns) : []),
    ],
    partial: [people?.active, signIns].some((page) => page?.pagination.nextCursor),
    recent: recent?.entities,
  }
}

async function askForPeople(): Promise<People> {
  const [all, active, invited] = await Promise.all([
    call('users.list', { limit: 1 }),
    call('users.list', { limit: sample, status: 'active' }),
    call('users.list', { limit: 1, status: 'invited' }),
  ])
  return { all, active, invited }
}

function steps(profile: Output<'profile.show'>, people: People | undefined): Step[] {
  const protectedNow = profile.mfa.state === 'on'
  const own: Step[] = [
    { id: 'password', done: true, href: href('/profile') },
    { id: 'second', done: protectedNow, href: href('/profile/second-factors') },
    { id: 'codes', done: protectedNow && profile.recoveryCodesLeft > 0, href: href('/profile/second-factors') },
  ]
  if (!people || !can('MANAGE_USER')) return own
  const { entities, pagination } = people.active
  const came = entities.some((user) => user.id !== profile.user.id && user.lastSeenAt !== null)
  return [
    ...own,
    { id: 'colleague', done: people.all.pagination.total > 1, href: href('/users', { add: '1' }) },
    // In a part of the list, nobody found does not mean that nobody came.
    ...(came || !pagination.nextCursor
      ? [{ id: 'came', done: came, href: href('/users', { status: 'invited' }) } as const]
      : []),
  ]
}

function userAttention({ active, invited }: People): Attention[] {
  const items: Attention[] = [
    {
      id: 'noMfa',
      count: active.entities.filter((user) => user.mfa.state !== 'on').length,
      limit: partOf('active', active),
      href: href('/users', { status: 'active' }),
    },
    {
      id: 'invited',
      count: invited.pagination.total,
      limit: invited.pagination.totalIsMinimum ? { of: 'more' } : undefined,
      href: href('/users', { status: 'invited' }),
    },
  ]
  return items.filter((item) => item.count > 0)
}

const partOf = (of: 'active' | 'signIns', page: Output<'users.list'> | Output<'activity.list'>): Limit | undefined =>
  page.pagination.nextCursor ? { of, count: page.entities.length } : undefined

function ownAttention(profile: Output<'profile.show'>): Attention[] {
  const low = profile.mfa.state === 'on' && profile.recoveryCodesLeft <= lowCodes
  return low ? [{ id: 'codesLow', count: profile.recoveryCodesLeft, href: href('/profile/second-factors') }] : []
}

const signedIn = 'session.signed_in'

function refusals(signIns: Output<'activity.list'>): Attention[] {
  const count = signIns.entities.filter((record) => record.outcome === 'refused').length
  const where = href('/activity', { days: '1', event: signedIn })
  return count > 0 ? [{ id: 'refused', count, limit: partOf('signIns', signIns), href: where }] : []
}
