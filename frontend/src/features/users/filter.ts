import type { Input } from '../../api/client'
import type { User } from './list.svelte'

/** What of the users is shown and in which order, as the address of the page says it. */

export const statuses = ['active', 'invited', 'deactivated'] as const
export const mfaStates = ['on', 'off', 'setup_required'] as const satisfies readonly User['mfa']['state'][]
export const kinds = ['person', 'service'] as const satisfies readonly User['kind'][]
/** Each the way a column starts: who was there last comes first. */
export const orders = ['name', 'login', '-createdAt', '-lastSeenAt'] as const
const bothWays = ['name', '-name', 'login', '-login', 'createdAt', '-createdAt', 'lastSeenAt', '-lastSeenAt'] as const

export type Order = (typeof bothWays)[number]

export interface Filter {
  q: string
  status: User['status'] | undefined
  mfa: User['mfa']['state'] | undefined
  kind: User['kind'] | undefined
  /** The id of a role that they have. */
  role: string
  order: Order
}

const one = <T extends string>(all: readonly T[], value: string | null) => all.find((known) => known === value)

/** What the address asks for; what it cannot mean is left out. */
export const fromAddress = (params: URLSearchParams): Filter => ({
  q: params.get('q') ?? '',
  status: one(statuses, params.get('status')),
  mfa: one(mfaStates, params.get('mfa')),
  kind: one(kinds, params.get('kind')),
  role: params.get('role') ?? '',
  order: one(bothWays, params.get('sort')) ?? 'name',
})

/** The parameters of the address for a filter; what is as always is left out. */
export const toAddress = ({ q, status, mfa, kind, role, order }: Filter): Record<string, string | undefined> => ({
  q,
  status,
  mfa,
  kind,
  role,
  sort: order === 'name' ? undefined : order,
})

/** What the server is asked for a filter. */
export const toQuery = ({ q, status, mfa, kind, role, order }: Filter): Input<'users.list'> => ({
  ...(q ? { q } : {}),
  ...(status ? { status } : {}),
  ...(mfa ? { mfa } : {}),
  ...(kind ? { kind } : {}),
  ...(role ? { role } : {}),
  ...(order === 'name' ? {} : { order }),
})

/** True while not everybody is shown; the order hides nobody. */
export const isFiltered = ({ q, status, mfa, kind, role }: Filter) => Boolean(q || status || mfa || kind || role)

/** Everybody, in the order that was chosen. */
export const everybody = (filter: Filter): Filter => ({
  ...filter,
  q: '',
  status: undefined,
  mfa: undefined,
  kind: undefined,
  role: '',
})
