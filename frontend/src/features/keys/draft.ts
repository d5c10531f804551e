import * as v from 'valibot'
import type { Input } from '../../api/client'
import type { ViolationCode } from '../../api/problem'
import { requiredText, type Form } from '../../ui/form.svelte'
import { inYears, latestDay, today } from '../users/service'
import { faultOf, readRange, rangeText } from '../users/range'
import { everyDomain, type Detail, type Key, lastDay, type Permission } from './key'

/** What is asked of a key, new or narrowed. */

/** A pattern as it is kept, of what somebody typed; the server knows better what a domain is. */
export const readPattern = (typed: string) => typed.trim().toLowerCase().replace(/\.$/, '')

export function patternFault(typed: string): ViolationCode | undefined {
  const pattern = readPattern(typed)
  if (!pattern) return undefined
  if (pattern.length > 253) return 'too_long'
  const name = pattern.replace(/^\*\./, '')
  const labels = name.split('.')
  const whole = name !== pattern || labels.length > 1
  return whole && labels.every((label) => /^[^\s*:/@_.-](?:[^\s*:/@_.]*[^\s*:/@_.-])?$/.test(label))
    ? undefined
    : 'bad_format'
}

/** True when everything that one pattern stands for, the other does too. */
export function holdsPattern(outer: string, inner: string): boolean {
  if (outer === everyDomain || outer === inner) return true
  if (!outer.startsWith('*.') || inner === everyDomain) return false
  const suffix = outer.slice(1)
  return inner.replace(/^\*/, '').endsWith(suffix) && inner !== suffix.slice(1)
}

const lasting = (had: string | undefined) =>
  v.pipe(
    v.string(),
    v.check((day) => day === had || day !== '', 'required' satisfies ViolationCode),
    v.check((day) => day === had || day >= today(), 'day_past' satisfies ViolationCode),
    v.check((day) => day === had || day <= latestDay(), 'day_too_far' satisfies ViolationCode),
  )

/** A new key, or one that had this last day, which may stay although it is over; empty, it ends within a day. */
export const keySchema = (had?: string) =>
  v.object({
    description: requiredText(120),
    channels: v.pipe(v.array(v.string()), v.nonEmpty('required')),
    permissions: v.pipe(v.array(v.string()), v.nonEmpty('required')),
    /** All of them, or else the list. */
    every: v.boolean(),
    domains: v.array(v.string()),
    /** Typed, and not in the list yet: it counts as well. */
    newDomain: v.pipe(
      v.string(),
      v.check((typed) => !patternFault(typed), 'bad_format' satisfies ViolationCode),
    ),
    ipRules: v.array(v.string()),
    newRule: v.pipe(
      v.string(),
      v.check((typed) => faultOf(typed) !== 'bad_address', 'bad_address' satisfies ViolationCode),
      v.check((typed) => faultOf(typed) !== 'host_bits', 'host_bits' satisfies ViolationCode),
    ),
    expiresOn: lasting(had),
  })
export type KeySchema = ReturnType<typeof keySchema>
export type Values = v.InferOutput<KeySchema>
export type KeyForm = Form<KeySchema>

/** The steps of making one, and where each field is asked. */
export const steps = ['what', 'may', 'limits', 'check'] as const
export const asked: Record<(typeof steps)[number], readonly string[]> = {
  what: ['description'],
  may: ['permissions'],
  limits: ['channels', 'domains', 'newDomain', 'ipRules', 'newRule', 'expiresOn'],
  check: [],
}

export const newValues = (): Values => ({
  ...{ description: '', channels: [], permissions: [], every: true, domains: [], newDomain: '' },
  ...{ ipRules: [], newRule: '', expiresOn: inYears(1) },
})

export const valuesOf = (key: Key): Values => ({
  description: key.description,
  channels: key.channels,
  permissions: key.permissions,
  every: key.domains.includes(everyDomain),
  domains: key.domains.filter((one) => one !== everyDomain),
  newDomain: '',
  ipRules: key.ipRules,
  newRule: '',
  expiresOn: lastDay(key) ?? '',
})

const joined = (list: readonly string[], typed: string) =>
  typed && !list.includes(typed) ? [...list, typed] : [...list]

/** The patterns that a form says, also the one that was typed last and not added. */
export const domainsOf = ({ every, domains, newDomain }: Pick<Values, 'every' | 'domains' | 'newDomain'>) =>
  every ? [everyDomain] : joined(domains, patternFault(newDomain) ? '' : readPattern(newDomain))

/** The IP rules that a form says; what is typed and wrong is no part of them yet. */
export function rulesIn({ ipRules, newRule }: Pick<Values, 'ipRules' | 'newRule'>): string[] {
  const typed = faultOf(newRule) ? undefined : readRange(newRule)
  return joined(ipRules, typed ? rangeText(typed) : '')
}

/** What the server is told of a new key. */
export const toInput = (values: Values, user: string): Input<'keys.create'> => ({
  ...(user ? { user } : {}),
  description: values.description,
  channels: values.channels,
  permissions: values.permissions as Permission[],
  domains: domainsOf(values),
  ipRules: rulesIn(values),
  expiresOn: values.expiresOn,
})

/** Only what was changed: what somebody else narrowed meanwhile stays narrow. */
export function changesOf(before: Detail, after: Values): Omit<Input<'keys.update'>, 'id'> {
  const old = valuesOf(before)
  const same = (a: readonly string[], b: readonly string[]) => [...a].sort().join() === [...b].sort().join()
  return {
    ...(old.description !== after.description ? { description: after.description } : {}),
    ...(same(old.channels, after.channels) ? {} : { channels: after.channels }),
    ...(same(old.permissions, after.permissions) ? {} : { permissions: after.permissions as Permission[] }),
    ...(same(domainsOf(old), domainsOf(after)) ? {} : { domains: domainsOf(after) }),
    ...(same(old.ipRules, rulesIn(after)) ? {} : { ipRules: rulesIn(after) }),
    ...(old.expiresOn !== after.expiresOn ? { expiresOn: after.expiresOn } : {}),
  }
}
