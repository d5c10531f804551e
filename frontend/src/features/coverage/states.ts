import type { Input, Schema } from '../../api/client'

export const states = ['on', 'overdue', 'due', 'off'] as const satisfies readonly Schema['Coverage']['state'][]
export type State = (typeof states)[number]

export const tones = { on: 'good', overdue: 'bad', due: 'warn', off: 'quiet' } as const
/** The colour of a part of the bar; the words beside it say the same. */
export const colours = { on: 'bg-good', overdue: 'bg-bad', due: 'bg-warn', off: 'bg-edge' } as const

export const orders = ['name', '-name', 'login', '-login', 'lastSeenAt', '-lastSeenAt'] as const

export interface Filter {
  q: string
  state: State | undefined
  seen: 'never' | 'once' | undefined
  order: (typeof orders)[number]
}

const one = <T extends string>(all: readonly T[], value: string | null) => all.find((known) => known === value)

/** What the address asks for; what it cannot mean is left out. */
export const fromAddress = (params: URLSearchParams): Filter => ({
  q: params.get('q') ?? '',
  state: one(states, params.get('state')),
  seen: one(['never', 'once'] as const, params.get('seen')),
  order: one(orders, params.get('sort')) ?? 'name',
})

export const toAddress = ({ q, state, seen, order }: Filter): Record<string, string | undefined> => ({
  q,
  state,
  seen,
  sort: order === 'name' ? undefined : order,
})

/** What the server is asked for a filter. */
export const toQuery = ({ q, state, seen, order }: Filter): Input<'coverage.list'> => ({
  ...(q ? { q } : {}),
  ...(state ? { state } : {}),
  ...(seen ? { lastSeenAt: seen === 'never' ? 'null:' : 'not_null:' } : {}),
  ...(order === 'name' ? {} : { order }),
})

export const isFiltered = ({ q, state, seen }: Filter) => Boolean(q || state || seen)
