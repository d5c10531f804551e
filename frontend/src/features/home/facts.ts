import { call, type Output, type Schema } from '../../api/client'
import { serverNow } from '../../api/clock'
import { href } from '../../router.svelte'
import { showQuery, whose } from '../keys/filter'
import { can, session } from '../session/session.svelte'

/** A first step; done when the database says so, never by a click. */
export interface Step {
  id: 'password' | 'second' | 'codes' | 'another' | 'colleague' | 'came'
  done: boolean
  href: string
}

/** Something worth a look, with where to look. */
export interface Attention {
  id:
    | 'ownOff'
    | 'codesLow'
    | 'notSetUp'
    | 'noMfa'
    | 'invited'
    | 'refused'
    | 'keysExpiring'
    | 'helpCustomers'
    | 'helpColleagues'
    | 'keysNever'
    | 'keysStale'
  count: number
  /** True where the server stopped counting: there are more. */
  atLeast?: boolean
  href: string
}

export interface Facts {
  steps: Step[]
  attention: Attention[]
  recent: Schema['Record'][] | undefined
}

const lowCodes = 3
const recentCount = 6

type Total = Pick<Schema['Pagination'], 'total' | 'totalIsMinimum'>
/** How many there are of each, counted by the server, since only a filter makes a total mean what is asked. */
interface People {
  all: Total
  active: Total
  invited: Total
  noMfa: Total
  notSetUp: Total
}

/** Gathers what the home page tells, as far as this person's permissions reach. */
export async function lookAround(): Promise<Facts> {
  const since = new Date(serverNow() - 86_400_000).toISOString()
  const [profile, help, people, keys, recent, refused] = await Promise.all([
    call('profile.show'),
    askForHelp(),
    can('VIEW_USER') ? askForPeople() : undefined,
    can('MANAGE_API_KEY') ? askForKeys() : [],
    can('VIEW_ACTIVITY') ? call('activity.list', { limit: recentCount, total: false }) : undefined,
    can('VIEW_ACTIVITY') ? call('activity.list', { ...refusedSignIns, since, limit: 0 }) : undefined,
  ])
  return {
    steps: steps(profile, people),
    attention: [
      ...help,
      ...ownAttention(profile),
      ...(people ? userAttention(people) : []),
      ...keys,
      ...(refused ? [counted('refused', refused.pagination, href('/activity', { days: '1', ...refusedSignIns }))] : []),
    ].filter((item) => item.count > 0 || item.id === 'codesLow'),
    recent: recent?.entities,
  }
}

const refusedSignIns = { event: 'session.signed_in', outcome: 'refused' } as const

async function askForPeople(): Promise<People> {
  const count = async (filter: { status?: string; mfa?: string }) =>
    (await call('users.list', { limit: 0, ...filter })).pagination
  const [all, active, invited, noMfa, notSetUp] = await Promise.all([
    count({}),
    count({ status: 'active' }),
    count({ status: 'invited' }),
    count({ status: 'active', mfa: 'off' }),
    count({ status: 'active', mfa: 'setup_required' }),
  ])
  return { all, active, invited, noMfa, notSetUp }
}

/** People who cannot get in and wait for somebody. */
async function askForHelp(): Promise<Attention[]> {
  const open = { state: 'open', limit: 0 }
  const asked = [
    can('RESET_ADMIN_MFA') ? (['helpCustomers', call('accounts.listHelp', open)] as const) : undefined,
    can('MANAGE_USER') ? (['helpColleagues', call('helpRequests.list', open)] as const) : undefined,
  ].filter((one) => one !== undefined)
  return Promise.all(asked.map(async ([id, answer]) => counted(id, (await answer).pagination, href('/help-requests'))))
}

/** Keys that need a look: one's own or, for whoever looks after them, everybody's. */
async function askForKeys(): Promise<Attention[]> {
  const all = can('MANAGE_USER_API_KEY')
  const of = whose({ all, user: '' }, session()?.user.id ?? '')
  const looked = { expiring: 'keysExpiring', never: 'keysNever', stale: 'keysStale' } as const
  return Promise.all(
    (['expiring', 'never', 'stale'] as const).map(async (show) => {
      const { pagination } = await call('keys.list', { ...of, ...showQuery(show), limit: 0 })
      return counted(looked[show], pagination, href('/keys', { whose: all ? 'all' : '', show }))
    }),
  )
}

function steps(profile: Output<'profile.show'>, people: People | undefined): Step[] {
  const factors = href('/profile/second-factors')
  const protectedNow = profile.mfa.state === 'on'
  const own: Step[] = [
    { id: 'password', done: true, href: href('/profile/password') },
    { id: 'second', done: protectedNow, href: factors },
    { id: 'codes', done: protectedNow && profile.recoveryCodesLeft > 0, href: factors },
    { id: 'another', done: profile.authenticatorApps.length + profile.securityKeys.length > 1, href: factors },
  ]
  if (!people || !can('MANAGE_USER')) return own
  return [
    ...own,
    { id: 'colleague', done: people.all.total > 1, href: href('/users', { add: '1' }) },
    // Active is who has come and chosen a password, and oneself.
    { id: 'came', done: people.active.total > 1, href: href('/users', { status: 'invited' }) },
  ]
}

const counted = (id: Attention['id'], { total, totalIsMinimum }: Total, where: string): Attention => ({
  id,
  count: total,
  atLeast: totalIsMinimum,
  href: where,
})

const userAttention = ({ notSetUp, noMfa, invited }: People): Attention[] => [
  counted('notSetUp', notSetUp, href('/users', { status: 'active', mfa: 'setup_required' })),
  counted('noMfa', noMfa, href('/users', { status: 'active', mfa: 'off' })),
  counted('invited', invited, href('/users', { status: 'invited' })),
]

function ownAttention({ mfa, recoveryCodesLeft }: Output<'profile.show'>): Attention[] {
  const where = href('/profile/second-factors')
  if (mfa.state === 'off') return [{ id: 'ownOff', count: 1, href: where }]
  const low = mfa.state === 'on' && recoveryCodesLeft <= lowCodes
  return low ? [{ id: 'codesLow', count: recoveryCodesLeft, href: where }] : []
}
