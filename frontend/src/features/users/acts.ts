import type { User } from './list.svelte'
import type { Doing, May } from './may'

/** An act on a user that has been begun. */
export interface Begun {
  act: Doing | 'handOver'
  user: User
  may: readonly May[]
}

/** What became of a user. */
export type Change = { kind: 'added' | 'changed' | 'deleted'; user: User }

const listeners = new Set<(change: Change) => void>()

/** Hears of everything that is done to users on this page, so that lists follow; returns how to stop. */
export function onChange(listen: (change: Change) => void) {
  listeners.add(listen)
  return () => void listeners.delete(listen)
}

export function announce(change: Change) {
  for (const listen of listeners) listen(change)
}
