import type { Schema } from '../../api/client'
import type { Key, Piece } from '../../messages/catalogue'
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
  const { operation } = record.detail
  return pieces(sentenceKey(record), {
    actor: actorName(record),
    object: record.object.name || record.object.id,
    // What was refused before it began is logged under the name of its operation.
    event: typeof operation === 'string' ? operation : record.event,
  })
}

function sentenceKey({ event, outcome, object }: ActivityRecord): Key {
  if (outcome === 'done') {
    const key = `event.${event}`
    return has(key) ? key : 'event.other'
  }
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
    return { label: has(key) ? t(key as 'activity.d.login') : name, value: valueText(value) }
  })

function valueText(value: unknown): string {
  if (value === null || value === undefined || value === '') return t('activity.nothing')
  if (typeof value === 'boolean') return t(value ? 'activity.yes' : 'activity.no')
  if (Array.isArray(value)) return value.map(valueText).join(', ') || t('activity.nothing')
  if (typeof value !== 'object') return String(value)
  const { before, after } = value as { before?: unknown; after?: unknown }
  if (before === undefined && after === undefined) return JSON.stringify(value)
  return t('activity.change', { before: valueText(before), after: valueText(after) })
}
