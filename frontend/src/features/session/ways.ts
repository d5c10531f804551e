import Hammer from '@lucide/svelte/icons/hammer'
import HandHelping from '@lucide/svelte/icons/hand-helping'
import type { Component } from 'svelte'
import type { Problem } from '../../api/problem'
import type { Part } from '../../messages/catalogue'
import { words, type Key } from '../../messages/index.svelte'

/** What a way out of a sign-in gets to know, and where it leads back to. */
export interface WayProps {
  /** Of the sign-in that waits for its second factor: the password was right. */
  ceremony: string
  /** Back to the second factor. */
  onback: () => void
  /** Back to login and password; with the problem that leads there, if one does. */
  onover: (because?: Problem) => void
}

/** A way to go on for somebody who has none of their second factors at hand. */
export interface Way {
  label: Key & `waysOut.${string}`
  text: Key & `waysOut.${string}`
  icon: Component<{ size?: number; class?: string; 'aria-hidden'?: 'true' }>
  screen: () => Promise<{ default: Component<WayProps> }>
}

/** A screen with the words it speaks with, as routes have them. */
const at = (screen: Way['screen'], options: { words: readonly Part[] }): Way['screen'] => {
  return async () => (await Promise.all([screen(), words(...options.words)]))[0]
}

/** All of them, the quickest first. */
export const ways: readonly Way[] = [
  {
    label: 'waysOut.glass',
    text: 'waysOut.glassText',
    icon: Hammer,
    screen: at(() => import('../breakglass/GlassForm.svelte'), { words: [] }),
  },
  {
    label: 'waysOut.help',
    text: 'waysOut.helpText',
    icon: HandHelping,
    screen: at(() => import('../help/AskHelp.svelte'), { words: ['help'] }),
  },
]
