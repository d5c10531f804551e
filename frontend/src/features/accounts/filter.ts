import type { Input, Schema } from '../../api/client'

/** Which accounts are shown and in which order, as the address of the page says it. */

export type Row = Schema['AccountRow']
export const states = ['open', 'suspended', 'closed'] as const
export const policies = ['required', 'recommended'] as const
const orders = ['name', '-name', 'handle', '-handle', 'openedAt', '-openedAt'] as const

export interface Filter {
  q: string
  state: (typeof states)[number] | undefined
  policy: (typeof policies)[number] | undefined
  order: (typeof orders)[number]
}

const one = <T extends string>(all: readonly T[], value: string | null) => all.find((known) => known === value)

/** What the address asks for; what it cannot mean is left out. */
export const fromAddress = (params: URLSearchParams): Filter => ({
  q: params.get('q') ?? '',
  state: one(states, params.get('state')),
  policy: one(policies, params.get('policy')),
  order: one(orders, params.get('sort')) ?? 'name',
})

export const toAddress = ({ q, state, policy, order }: Filter): Record<string, string | undefined> => ({
  q,
  state,
  policy,
  sort: order === 'name' ? undefined : order,
})

export const toQuery = ({ q, state, policy, order }: Filter): Input<'accounts.list'> => ({
  ...(q ? { q } : {}),
  ...(state ? { state } : {}),
  ...(policy ? { policy } : {}),
  ...(order === 'name' ? {} : { order }),
})

/** True while not all are shown; the order hides none. */
export const isFiltered = ({ q, state, policy }: Filter) => Boolean(q || state || policy)
export const all = (filter: Filter): Filter => ({ ...filter, q: '', state: undefined, policy: undefined })

export const stateTone = { open: 'good', suspended: 'warn', closed: 'quiet' } as const
