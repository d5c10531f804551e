import Activity from '@lucide/svelte/icons/activity'
import House from '@lucide/svelte/icons/house'
import UsersRound from '@lucide/svelte/icons/users-round'
import type { Component } from 'svelte'
import type { Permission } from '../session/session.svelte'
import type { Key } from '../../messages/index.svelte'

/** A place in the left menu. */
export interface Page {
  path: string
  label: Key & `nav.${string}`
  icon: Component<{ size?: number }>
  keys: string
  /** Without it the page is left out of the menu; at its address it explains itself. */
  permission?: Permission
}

export const pages: readonly Page[] = [
  { path: '/', label: 'nav.home', icon: House, keys: 'g h' },
  { path: '/users', label: 'nav.users', icon: UsersRound, keys: 'g u', permission: 'VIEW_USER' },
  { path: '/activity', label: 'nav.activity', icon: Activity, keys: 'g a', permission: 'VIEW_ACTIVITY' },
]
