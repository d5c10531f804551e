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
  const values = { actor: actorName(record), object: record.object.name || record.object.id, event: record.event }
  return pieces(sentenceKey(record), values)
}

function sentenceKey({ event, outcome }: ActivityRecord): Key {
  if (outcome === 'refused') {
    const key = `refused.${event}`
    return has(key) ? key : 'activity.refusedOther'
  }
  const key = `event.${event}`
  return has(key) ? key : 'event.other'
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
