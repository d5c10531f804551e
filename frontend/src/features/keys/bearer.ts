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
  /** Their password still works where keys do, and would not from this key on. */
  first: boolean
}

/** Finds somebody by id; without one, oneself. */
export async function findBearer(id: string): Promise<Bearer> {
  const me = session()
  const own = !id || id === me?.user.id
  const { user, permissions, apiPasswordShut } = await (own ? call('profile.show') : call('users.show', { id }))
  return {
    id: user.id,
    name: user.name,
    own,
    service: Boolean(user.service),
    active: user.status === 'active' && !user.service?.expired,
    permissions: new Set(permissions.map(({ permission }) => permission)),
    first: !user.service && !apiPasswordShut,
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
