import type { Schema } from '../../api/client'
import type { Key, Piece } from '../../messages/catalogue'
import { dateAndTime } from '../../messages/dates'
import { has, pieces, t } from '../../messages/index.svelte'

export type ActivityRecord = Schema['Record']

/** Who did it, in words. */
export function actorName({ actor }: ActivityRecord): string {
  if (actor.kind === 'user' || actor.kind === 'key') return actor.name || actor.id
  return t(`activity.actor.${actor.kind}`)
}

/**
 * The record as a sentence in the reader's language, in pieces so that the names
 * can be set apart. Events this build does not know keep their own name.
 */
export function sentence(record: ActivityRecord): Piece[] {
  const { operation, times } = record.detail
  const said = pieces(sentenceKey(record), {
    actor: actorName(record),
    object: record.object.name || record.object.id,
    // What was refused before it began is logged under the name of its operation.
    event: typeof operation === 'string' ? operation : record.event,
  })
  // What strangers try over and over in a minute is one record.
  return typeof times === 'number' && times > 1 ? [...said, { text: ` (${times}×)` }] : said
}

/** What strangers are refused, in the words for what it would have become. */
const refusedEntries: Partial<Record<string, Key>> = {
  'session.signIn': 'refused.session.unknown',
  'session.verify': 'refused.session.unknown',
  'activation.check': 'refused.activation.completed',
  'activation.complete': 'refused.activation.completed',
  'setup.begin': 'refused.setup.started',
  'setup.finish': 'refused.setup.finished',
}

function sentenceKey({ event, outcome, object, actor, detail }: ActivityRecord): Key {
  if (outcome === 'done') {
    const key = `event.${event}`
    return has(key) ? key : 'event.other'
  }
  const entry = actor.kind === 'anonymous' && refusedEntries[String(detail['operation'])]
  if (entry) return entry
  if (event === 'session.signed_in' && !object.name) return 'refused.session.unknown'
  const key = `refused.${event}`
  return has(key) ? key : 'refused.other'
}

/** By what means it was proved: "password+authenticator_app" in words. */
export function meansText(means: string): string {
  return means
    .split('+')
    .map((one) => {
      const key = `means.${one}`
      return has(key) ? t(key as 'means.password') : one
    })
    .join(' + ')
}

/** What the record says beyond its sentence, in words; a key this build does not know keeps its own name. */
export const details = ({ detail }: ActivityRecord): { label: string; value: string }[] =>
  Object.entries(detail).map(([name, value]) => {
    const key = `activity.d.${name}`
    return { label: has(key) ? t(key as 'activity.d.login') : name, value: valueText(value, name) }
  })

function valueText(value: unknown, name = ''): string {
  if (name === 'minute' && typeof value === 'string') return dateAndTime(value)
  if (value === null || value === undefined || value === '') return t('activity.nothing')
  if (typeof value === 'boolean') return t(value ? 'activity.yes' : 'activity.no')
  if (Array.isArray(value)) return value.map((one) => valueText(one)).join(', ') || t('activity.nothing')
  if (typeof value !== 'object') return String(value)
  const { before, after } = value as { before?: unknown; after?: unknown }
  if (before === undefined && after === undefined) return JSON.stringify(value)
  return t('activity.change', { before: valueText(before), after: valueText(after) })
}
