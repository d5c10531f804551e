import type { Schema } from '../../api/client'

export interface Source {
  key: string
  roles: Schema['RoleRef'][]
  permissions: string[]
}

/** Effective permissions by the roles they come from, those of fewest roles first; each list in its own order. */
export function bySource(effective: readonly Schema['EffectivePermission'][]): Source[] {
  const sources = new Map<string, Source>()
  for (const { permission, roles } of effective) {
    const key = roles
      .map((role) => role.id)
      .sort()
      .join('+')
    const source = sources.get(key) ?? { key, roles, permissions: [] }
    source.permissions.push(permission)
    sources.set(key, source)
  }
  return [...sources.values()].sort((a, b) => a.roles.length - b.roles.length)
}
