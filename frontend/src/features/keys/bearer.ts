import { call } from '../../api/client'
import { t } from '../../messages/index.svelte'
import { session } from '../session/session.svelte'
import type { Permission } from './key'

/** Somebody whose key it is to be. */
export interface Bearer {
  id: string
  name: string
  own: boolean
  service: boolean
  /** Could do something at all now. */
  active: boolean
  permissions: ReadonlySet<Permission>
  /** It would be their first key, from which on their password no longer works where keys do. */
  first: boolean
}

/** Finds somebody by id; without one, oneself. */
export async function findBearer(id: string): Promise<Bearer> {
  const me = session()
  const own = !id || id === me?.user.id
  const whose = own ? (me?.user.id ?? '') : id
  const [count, detail] = await Promise.all([
    call('keys.list', { user: whose, limit: 0 }),
    own ? undefined : call('users.show', { id }),
  ])
  const none = count.pagination.total === 0
  if (!detail)
    return {
      id: whose,
      name: me?.user.name ?? '',
      own,
      service: false,
      active: true,
      permissions: new Set(me?.permissions),
      first: none,
    }
  const { user, permissions, apiPasswordShut } = detail
  return {
    id,
    name: user.name,
    own,
    service: Boolean(user.service),
    active: user.status === 'active' && !user.service?.expired,
    permissions: new Set(permissions.map(({ permission }) => permission)),
    first: none && !user.service && !apiPasswordShut,
  }
}

const held = () => new Set<Permission>(session()?.permissions)

/** What a key of theirs can be given: what both they and whoever gives it hold. */
export function mayGive({ permissions }: Bearer): ReadonlySet<Permission> {
  const mine = held()
  return new Set([...permissions].filter((one) => mine.has(one)))
}

/** Why no key can be made for them; undefined when one can. */
export function whyNot({ name, own, active, permissions }: Bearer): string | undefined {
  const mine = held()
  if (!active) return t('keys.why.inactive', { name })
  if (!own && [...permissions].some((one) => !mine.has(one))) return t('keys.why.outranked', { name })
  return undefined
}
