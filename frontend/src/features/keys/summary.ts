import { day, dateAndTime } from '../../messages/dates'
import { has, language, t } from '../../messages/index.svelte'
import { channelsText, everyDomain, type Key, type Permission } from './key'

/** A key in words: what it may do, to which domains, what that may cost, by which ways, from where, until when. */

export interface Told {
  permissions: readonly Permission[]
  channels: readonly Key['channels'][number][]
  domains: readonly string[]
  ipRules: readonly string[]
  /** The last day, or the moment of the end. */
  until: string
}
type Costs = (permission: Permission) => boolean

/** "A, B and C" in the reader's language. */
const list = (all: readonly string[]) => new Intl.ListFormat(language(), { type: 'conjunction' }).format(all)

/** In the order in which they are told. */
const verbs = ['VIEW', 'CREATE', 'UPDATE', 'RENEW', 'DELETE'] as const

/** What some permissions allow, each verb once: "read domains and contacts", "renew domains". */
export function deeds(permissions: readonly Permission[]): string[] {
  const own: string[] = []
  const objects = new Map<(typeof verbs)[number], string[]>()
  for (const permission of permissions) {
    const said = `keys.do.${permission}`
    const verb = verbs.find((one) => permission.startsWith(`${one}_`))
    const object = verb && `keys.o.${permission.slice(verb.length + 1)}`
    if (has(said)) own.push(t(said as 'keys.do.CHECK_DOMAIN'))
    else if (verb && object && has(object))
      objects.set(verb, [...(objects.get(verb) ?? []), t(object as 'keys.o.DOMAIN')])
    else own.push(permission)
  }
  const grouped = verbs.flatMap((verb) => {
    const all = objects.get(verb)
    return all ? [t(`keys.verb.${verb}`, { what: list(all) })] : []
  })
  return [...grouped, ...own]
}

function domains(all: readonly string[]): string {
  if (all.includes(everyDomain)) return t('keys.s.allDomains')
  // Names first: what comes after "that end in" would seem to belong to it.
  const names = all.filter((one) => !one.startsWith('*.'))
  const endings = all.filter((one) => one.startsWith('*.')).map((one) => one.slice(1))
  return t('keys.s.domains', {
    what: list([...names, ...(endings.length ? [t('keys.s.below', { what: list(endings) })] : [])]),
  })
}

const money = (paid: readonly Permission[]) =>
  paid.length === 0 ? t('keys.s.free') : t('keys.s.paid', { what: deeds(paid).join('; ') })

const end = (until: string) =>
  until.includes('T') ? t('keys.s.untilTime', { time: dateAndTime(until) }) : t('keys.s.until', { day: day(until) })

/** The sentences; what is not chosen yet is left out. */
export function sentences({ permissions, channels, domains: bound, ipRules, until }: Told, costs: Costs): string[] {
  if (permissions.length === 0) return [t('keys.s.nothing')]
  return [
    t('keys.s.may', { what: deeds(permissions).join('; ') }),
    ...(bound.length > 0 ? [domains(bound)] : []),
    money(permissions.filter(costs)),
    ...(channels.length > 0
      ? [t('keys.s.channels', { what: list([channelsText(channels)].flatMap((one) => one.split(', '))) })]
      : []),
    ipRules.length > 0 ? t('keys.s.from', { what: list(ipRules) }) : t('keys.s.anywhere'),
    ...(until ? [end(until)] : []),
  ]
}
