import type { Schema } from '../../api/client'
import type { Language } from '../../messages/index.svelte'

type Permission = Schema['Permission']
type Role = Pick<Schema['Role'], 'description'>
type Held = Schema['EffectivePermission']

/** The groups, permissions and first roles of the server's catalogue in another language than its own. */
export interface Words {
  groups: Record<string, string>
  permissions: Record<Permission['permission'], string>
  /** What the roles say that every account begins with, by the server's words; whoever changed them chose their own. */
  roles: Record<string, string>
}

/** The server's own words are English. */
const others: Partial<Record<Language, () => Promise<Words>>> = {
  de: async () => (await import('./catalogue.de')).default,
}

/** How a language calls groups, permissions and roles; what a newer server added, or does not come, keeps the server's words. */
export async function words(language: Language) {
  const own = await others[language]?.().catch(() => undefined)
  return {
    group: (name: string) => own?.groups[name] ?? name,
    describe: ({ permission, description }: Permission) => own?.permissions[permission] ?? description,
    role: ({ description }: Role) => own?.roles[description] ?? description,
  }
}

/** What somebody holds, in the groups and the order of the catalogue; groups of which they hold nothing are left out. */
export function grouped(catalogue: readonly Permission[], held: readonly Held[]) {
  const roles = new Map(held.map((one) => [one.permission, one.roles]))
  const groups = new Map<string, { group: string; all: number; held: (Permission & Pick<Held, 'roles'>)[] }>()
  for (const one of catalogue) {
    const part = groups.get(one.group) ?? { group: one.group, all: 0, held: [] }
    groups.set(one.group, part)
    part.all++
    const through = roles.get(one.permission)
    if (through) part.held.push({ ...one, roles: through })
  }
  return [...groups.values()].filter((part) => part.held.length > 0)
}
