import type { Schema } from '../../api/client'

export type Role = Schema['Role']
export type Definition = Schema['Permission']
export type Permission = Definition['permission']

/** What is to become of permissions of roles, by the role's id: only what differs from the role as it is. */
export type Changes = Readonly<Record<string, Readonly<Partial<Record<Permission, boolean>>>>>

export const holds = (role: Role, changes: Changes, permission: Permission): boolean =>
  changes[role.id]?.[permission] ?? role.permissions.includes(permission)

/** Puts permissions in or takes them out; what is then as it was is no change. */
export function put(role: Role, changes: Changes, permissions: readonly Permission[], on: boolean): Changes {
  const kept = Object.entries(changes[role.id] ?? {}).filter(([one]) => !permissions.some((put) => put === one))
  const differing = permissions.filter((one) => role.permissions.includes(one) !== on).map((one) => [one, on] as const)
  const mine = Object.fromEntries([...kept, ...differing])
  const others = without(changes, role)
  return Object.keys(mine).length > 0 ? { ...others, [role.id]: mine } : others
}

/** The changes but for those of a role. */
export const without = (changes: Changes, role: Role): Changes =>
  Object.fromEntries(Object.entries(changes).filter(([id]) => id !== role.id))

export interface Difference {
  role: Role
  added: Permission[]
  removed: Permission[]
  /** Everything the role would have. */
  after: Permission[]
}

/** What is changed, by role; a change that somebody else has made meanwhile is none any more. */
export const differences = (roles: readonly Role[], changes: Changes): Difference[] =>
  roles.flatMap((role) => {
    const wanted = Object.entries(changes[role.id] ?? {}) as [Permission, boolean][]
    const has = (one: Permission) => role.permissions.includes(one)
    const added = wanted.flatMap(([one, on]) => (on && !has(one) ? [one] : []))
    const removed = wanted.flatMap(([one, on]) => (!on && has(one) ? [one] : []))
    const after = [...role.permissions.filter((one) => !removed.includes(one)), ...added]
    return added.length + removed.length > 0 ? [{ role, added, removed, after }] : []
  })

/** All, none or some of a group. */
export function groupState(role: Role, changes: Changes, permissions: readonly Permission[]) {
  const n = permissions.filter((one) => holds(role, changes, one)).length
  return n === 0 ? 'false' : n === permissions.length ? 'true' : 'mixed'
}

/** What was put in and is of little use without something that the role lacks. */
export const lacking = ({ added, after }: Difference, catalogue: readonly Definition[]) =>
  catalogue.flatMap(({ permission, needs }) => {
    const missing = needs.filter((need) => !after.includes(need))
    return added.includes(permission) && missing.length > 0 ? [{ permission, missing }] : []
  })

export type Reason = 'forbidden' | 'fixed' | 'notHeld' | 'own'

/**
 * Why a permission of a role cannot be changed. The server asks its own rules
 * again when it is saved; this is to say it on the spot.
 */
export function blocked(role: Role, one: Definition, roles: readonly Role[], manages: boolean): Reason | undefined {
  if (role.builtIn) return 'fixed'
  if (!manages) return 'forbidden'
  if (!one.held) return 'notHeld'
  if (!role.mine) return undefined
  const elsewhere = roles.some(
    ({ id, mine, permissions }) => mine && id !== role.id && permissions.includes(one.permission),
  )
  return elsewhere ? undefined : 'own'
}

export interface Group {
  group: string
  all: Definition[]
}

/** The catalogue in its groups, as far as it fits what is searched for. */
export function grouped(
  catalogue: readonly Definition[],
  query: string,
  describe: (one: Definition) => string,
): Group[] {
  const groups = new Map<string, Group>()
  const words = query.toLowerCase().split(/\s+/).filter(Boolean)
  for (const one of catalogue) {
    const text = `${one.permission} ${one.permission.replaceAll('_', ' ')} ${describe(one)}`.toLowerCase()
    if (!words.every((word) => text.includes(word))) continue
    const part = groups.get(one.group) ?? { group: one.group, all: [] }
    groups.set(one.group, part)
    part.all.push(one)
  }
  return [...groups.values()]
}

/** A place in the grid; column 0 is what the row is called. */
export interface At {
  row: number
  column: number
}

/** Where a key leads in a grid of that many rows and columns; undefined for keys that lead nowhere. */
export function step(key: string, ctrl: boolean, { row, column }: At, rows: number, columns: number): At | undefined {
  const at = (r: number, c: number): At => ({
    row: Math.max(0, Math.min(r, rows - 1)),
    column: Math.max(0, Math.min(c, columns - 1)),
  })
  switch (key) {
    case 'ArrowUp':
      return at(row - 1, column)
    case 'ArrowDown':
      return at(row + 1, column)
    case 'ArrowLeft':
      return at(row, column - 1)
    case 'ArrowRight':
      return at(row, column + 1)
    case 'PageUp':
      return at(row - 8, column)
    case 'PageDown':
      return at(row + 8, column)
    case 'Home':
      return at(ctrl ? 0 : row, 0)
    case 'End':
      return at(ctrl ? rows - 1 : row, columns - 1)
    default:
      return undefined
  }
}
