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
  /** Set when only the first so many users were looked at. */
  among?: number
  href: string
}

export interface Facts {
  steps: Step[]
  attention: Attention[]
  recent: Schema['Record'][] | undefined
}

const sample = 100
const lowCodes = 3
const recentCount = 6

type Users = Output<'users.list'>

/** Gathers what the home page tells, as far as this person's permissions reach. */
export async function lookAround(): Promise<Facts> {
  const since = new Date(serverNow() - 86_400_000).toISOString()
  const [profile, users, recent, lastDay] = await Promise.all([
    call('profile.show'),
    can('VIEW_USER') ? call('users.list', { limit: sample }) : undefined,
    can('VIEW_ACTIVITY') ? call('activity.list', { limit: recentCount }) : undefined,
    can('VIEW_ACTIVITY') ? call('activity.list', { limit: sample, since }) : undefined,
  ])
  return {
    steps: steps(profile, users),
    attention: [...ownAttention(profile), ...(users ? userAttention(users) : []), ...refusals(lastDay?.entities ?? [])],
    recent: recent?.entities,
  }
}

function steps(profile: Output<'profile.show'>, users: Users | undefined): Step[] {
  const protectedNow = profile.mfa.state === 'on'
  const own: Step[] = [
    { id: 'password', done: true, href: href('/profile') },
    { id: 'second', done: protectedNow, href: href('/two-factor') },
    { id: 'codes', done: protectedNow && profile.recoveryCodesLeft > 0, href: href('/two-factor') },
  ]
  if (!users || !can('MANAGE_USER')) return own
  const others = users.entities.filter((user) => user.id !== profile.user.id)
  return [
    ...own,
    { id: 'colleague', done: users.pagination.total > 1, href: href('/users', { add: '1' }) },
    { id: 'came', done: others.some((user) => user.lastSeenAt !== null), href: href('/users', { status: 'invited' }) },
  ]
}

function userAttention({ entities, pagination }: Users): Attention[] {
  const among = pagination.nextCursor ? entities.length : undefined
  const count = (id: Attention['id'], status: string, test: (user: Schema['User']) => boolean): Attention => ({
    id,
    count: entities.filter(test).length,
    among,
    href: href('/users', { status }),
  })
  return [
    count('noMfa', 'active', (user) => user.status === 'active' && user.mfa.state !== 'on'),
    count('invited', 'invited', (user) => user.status === 'invited'),
  ].filter((item) => item.count > 0)
}

function ownAttention(profile: Output<'profile.show'>): Attention[] {
  const low = profile.mfa.state === 'on' && profile.recoveryCodesLeft <= lowCodes
  return low ? [{ id: 'codesLow', count: profile.recoveryCodesLeft, href: href('/two-factor') }] : []
}

function refusals(records: readonly Schema['Record'][]): Attention[] {
  const count = records.filter((record) => record.outcome === 'refused' && record.event === 'session.signed_in').length
  return count > 0 ? [{ id: 'refused', count, href: href('/activity', { days: '1' }) }] : []
}
