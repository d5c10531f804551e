import type { Input } from '../../api/client'
import { serverNow } from '../../api/clock'
import { dayMs, newDays, staleDays } from './days'

/** Which keys are shown and in which order, as the address of the page says it. */

export const shows = ['expiring', 'never', 'stale', 'rotated', 'expired'] as const
export type Show = (typeof shows)[number]
const orders = [
  'description',
  '-description',
  'createdAt',
  '-createdAt',
  'expiresAt',
  '-expiresAt',
  'userName',
  '-userName',
] as const

export interface Filter {
  q: string
  /** Everybody's, rather than one's own. */
  all: boolean
  /** The id of a user whose keys they are, and the name, which is only shown. */
  user: string
  name: string
  show: Show | undefined
  order: (typeof orders)[number]
}

const one = <T extends string>(all: readonly T[], value: string | null) => all.find((known) => known === value)

/** So much of a key is no secret: of one that is pasted, with whatever around it, nothing else leaves this page. */
const shownLength = 11
export const searched = (typed: string) => /(?:\bgate_|gate_(?=\w{20}))\w{0,6}/.exec(typed)?.[0] ?? typed

/** What the address asks for; what it cannot mean is left out. */
export const fromAddress = (params: URLSearchParams): Filter => ({
  q: searched(params.get('q') ?? ''),
  all: params.get('whose') === 'all',
  user: params.get('user') ?? '',
  name: params.get('name') ?? '',
  show: one(shows, params.get('show')),
  order: one(orders, params.get('sort')) ?? '-createdAt',
})

export const toAddress = ({ q, all, user, name, show, order }: Filter): Record<string, string | undefined> => ({
  q: searched(q),
  whose: all ? 'all' : undefined,
  user,
  name: user ? name : undefined,
  show,
  sort: order === '-createdAt' ? undefined : order,
})

const before = (days: number) => `lt:${new Date(serverNow() - days * dayMs).toISOString()}`

/** What the server is asked for keys that need a look. */
export function showQuery(show: Show): Input<'keys.list'> {
  switch (show) {
    case 'never':
      return { state: 'ne:expired', lastUsedAt: 'null:', createdAt: before(newDays) }
    case 'stale':
      return { state: 'ne:expired', lastUsedAt: before(staleDays) }
    default:
      return { state: show }
  }
}

/** What the server is asked for something that was typed: a part of what keys are called, or the beginning of one. */
export function search(typed: string): Input<'keys.list'> {
  const q = searched(typed)
  if (!q) return {}
  if (q.startsWith('gate_')) return { shown: q.length < shownLength ? `like:${q}%` : q }
  return { description: `like:%${q.replaceAll('%', '').slice(0, 100)}%` }
}

export const whose = ({ all, user }: Pick<Filter, 'all' | 'user'>, me: string): Input<'keys.list'> => {
  const id = user || (all ? '' : me)
  return id ? { user: id } : {}
}

/** What the server is asked for a filter. */
export const toQuery = (filter: Filter, me: string): Input<'keys.list'> => ({
  ...whose(filter, me),
  ...search(filter.q),
  ...(filter.show ? showQuery(filter.show) : {}),
  ...(filter.order === '-createdAt' ? {} : { order: filter.order }),
})

/** True while keys are hidden; whose they are hides none of them. */
export const isFiltered = ({ q, show }: Filter) => Boolean(q || show)
