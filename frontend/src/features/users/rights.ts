import type { Schema } from '../../api/client'
import type { User } from './list.svelte'

/** The access points, in the order in which people see them. */
export const points = ['WEB', 'API', 'ISPROXY'] as const satisfies readonly User['accessPoints'][number][]

export type Role = Schema['Role']
export type Permission = Schema['Permission']['permission']

const held = (roles: readonly Role[], ids: readonly string[]) =>
  new Set(roles.filter((role) => ids.includes(role.id)).flatMap((role) => role.permissions))

/** What somebody can do more and less once they have other roles. */
export function difference(roles: readonly Role[], before: readonly string[], after: readonly string[]) {
  const had = held(roles, before)
  const has = held(roles, after)
  return { more: [...has].filter((one) => !had.has(one)), less: [...had].filter((one) => !has.has(one)) }
}

/** The built-in role that may manage users: the admin user keeps it. */
export const isAdminRole = (role: Role) => role.builtIn && role.permissions.includes('MANAGE_USER')

/** What the form of a user says, of the user as it is. */
export const valuesOf = (user: User) => ({
  login: user.login,
  name: user.name,
  email: user.email,
  mobile: user.mobile,
  language: user.language as string,
  roles: user.roles.map((role) => role.id),
  forceMfa: user.forceMfa,
  accessPoints: user.accessPoints as string[],
  ipRules: user.ipRules,
  /** Typed, and not in the list yet. */
  newRule: '',
})

/** The IP rules that a form says, also the one that was typed last and not added. */
export const rulesOf = ({ ipRules, newRule }: Pick<Values, 'ipRules' | 'newRule'>) =>
  newRule.trim() ? [...ipRules, newRule.trim()] : [...ipRules]

type Values = ReturnType<typeof valuesOf>

type Rights = Pick<Values, 'roles' | 'accessPoints' | 'ipRules' | 'newRule'>

/** Only what was changed of what somebody may do, and by which ways and from where. */
export function changedRights(before: Rights, after: Rights) {
  const ranges = rulesOf(after)
  const sorted = (ids: readonly string[]) => [...ids].sort().join()
  return {
    ...(sorted(before.accessPoints) !== sorted(after.accessPoints) ? { accessPoints: [...after.accessPoints] } : {}),
    // One empty text says: from anywhere. An empty list would say nothing.
    ...(sorted(before.ipRules) !== sorted(ranges) ? { ipRules: ranges.length > 0 ? ranges : [''] } : {}),
    ...(sorted(before.roles) !== sorted(after.roles) ? { roles: [...after.roles] } : {}),
  }
}

/** Only what was changed: what somebody else changed meanwhile stays as they left it. */
export function changes(before: Values, after: Values) {
  return {
    ...(before.name !== after.name ? { name: after.name } : {}),
    ...(before.email !== after.email ? { email: after.email } : {}),
    ...(before.mobile !== after.mobile ? { mobile: after.mobile } : {}),
    ...(before.language !== after.language ? { language: after.language } : {}),
    ...(before.forceMfa !== after.forceMfa ? { forceMfa: after.forceMfa } : {}),
    ...changedRights(before, after),
  }
}
