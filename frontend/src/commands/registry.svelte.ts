import { untrack, type Component } from 'svelte'
import { recall, remember } from '../ui/memory'

export type Group = 'go' | 'do' | 'set'

/** One thing a person can do, typed once and offered by menus, shortcuts and the palette alike. */
export interface Command {
  id: string
  group: Group
  /** Asked each time it is shown, so that it follows the language. */
  label: () => string
  icon?: Component<{ size?: number }>
  /** One key, or two after one another: `n`, `g u`. */
  keys?: string
  /** Left out of sheet and palette, and not run, while this says no. */
  when?: () => boolean
  run: () => void
}

let registered = $state.raw<readonly Command[]>([])

/** Offers commands until the returned function is called; a later one replaces an earlier of the same id. */
export function offer(commands: readonly Command[]): () => void {
  // Offered from effects, which must not run again because of what they offer.
  registered = [...untrack(() => registered), ...commands]
  return () => (registered = untrack(() => registered).filter((command) => !commands.includes(command)))
}

/** The commands on offer now. */
export function commands(): Command[] {
  const byId = new Map(registered.map((command) => [command.id, command]))
  return [...byId.values()].filter((command) => command.when?.() ?? true)
}

let single = $state(recall('single-keys') !== 'off')
export const singleKeys = () => single

/** Switches shortcuts without Ctrl on or off, and keeps that on this computer. */
export function setSingleKeys(on: boolean) {
  single = on
  remember('single-keys', on ? 'on' : 'off')
}
