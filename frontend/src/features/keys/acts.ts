import { serverNow } from '../../api/clock'
import { problemText, t } from '../../messages/index.svelte'
import { isOver, type Detail, type Key } from './key'

/** What can be done to a key. */
export type Act = 'narrow' | 'rotate' | 'cut' | 'delete'
export const acts = ['rotate', 'narrow', 'cut', 'delete'] as const satisfies readonly Act[]
/** An act on a key that has been begun. */
export interface Begun {
  act: Act
  id: string
}

/** What became of a key. */
export interface Change {
  kind: 'made' | 'changed' | 'deleted'
  key: Key
}
const listeners = new Set<(change: Change) => void>()

/** Hears of everything that is done to keys on this page; returns how to stop. */
export function onChange(listen: (change: Change) => void) {
  listeners.add(listen)
  return () => void listeners.delete(listen)
}
export function announce(change: Change) {
  for (const listen of listeners) listen(change)
}

/** Why an act is not possible, in the reader's language; undefined when it is. */
export function reason(key: Detail, act: Act): string | undefined {
  if (key.closed) return problemText({ code: key.closed, message: '' })
  const over = isOver(key) || Date.parse(key.expiresAt) <= serverNow()
  if (act === 'rotate') return over ? t('keys.why.over') : key.successor ? t('keys.why.successor') : undefined
  if (act === 'cut' || act === 'narrow') return over ? t('keys.why.ended') : undefined
  return undefined
}
