import Activity from '@lucide/svelte/icons/activity'
import Building2 from '@lucide/svelte/icons/building-2'
import KeyRound from '@lucide/svelte/icons/key-round'
import House from '@lucide/svelte/icons/house'
import DoorOpen from '@lucide/svelte/icons/door-open'
import BadgeCheck from '@lucide/svelte/icons/badge-check'
import Settings from '@lucide/svelte/icons/settings'
import UsersRound from '@lucide/svelte/icons/users-round'
import type { Component } from 'svelte'
import type { Part } from '../../messages/catalogue'
import { words, type Key } from '../../messages/index.svelte'
import { match, type Values } from '../../pattern'
import type { Permission } from '../session/session.svelte'

/** A screen takes the values of its pattern as `params`; without a place in the pattern it takes nothing. */
type ScreenOf<P extends string> = [keyof Values<P>] extends [never] ? Component : Component<{ params: Values<P> }>
/** Loads a screen when somebody first goes there. */
export type Screen = () => Promise<{ default: Component<{ params: Record<string, string> }> }>

/** A place in the left menu. */
export interface NavPlace {
  label: Key & `nav.${string}`
  icon: Component<{ size?: number }>
  keys: string
  /** Without it the place is left out of the menu; at its address it explains itself. */
  permission?: Permission
}

interface Options {
  /** The parts of the catalogue that it speaks with, besides the words that are always there. */
  words?: readonly Part[]
  nav?: NavPlace
  /** Open even while a second factor is demanded; everything else then leads to its set-up. */
  whileEnrolling?: boolean
  /** Stands outside of the frame: for whoever has not signed in, or while nothing is set up. */
  outside?: 'signed_out' | 'not_set_up'
}
export interface Route extends Options {
  pattern: string
  screen: Screen
}

const at = <P extends string>(
  pattern: P,
  screen: () => Promise<{ default: ScreenOf<P> }>,
  options: Options = {},
): Route => ({
  pattern,
  screen: async () => (await Promise.all([screen() as ReturnType<Screen>, words(...(options.words ?? []))]))[0],
  ...options,
})

export const home = at('/home', () => import('../home/Home.svelte'), {
  words: ['activity'],
  nav: { label: 'nav.home', icon: House, keys: 'g h' },
})
export const enrolment = at('/profile/second-factors', () => import('../secondfactors/TwoFactor.svelte'), {
  words: ['own', 'users'],
  whileEnrolling: true,
})
export const setUp = at('/set-up', () => import('../setup/Setup.svelte'), {
  words: ['entry', 'own', 'users'],
  outside: 'not_set_up',
})

/** Every page there is. */
export const routes: readonly Route[] = [
  home,
  at('/users', () => import('../users/Users.svelte'), {
    words: ['users', 'address', 'activity'],
    nav: { label: 'nav.users', icon: UsersRound, keys: 'g u', permission: 'VIEW_USER' },
  }),
  at('/users/coverage', () => import('../coverage/Coverage.svelte'), { words: ['coverage'] }),
  at('/users/:id', () => import('../users/UserScreen.svelte'), {
    words: ['users', 'address', 'own', 'activity', 'keys', 'help'],
  }),
  at('/roles', () => import('../roles/Roles.svelte'), {
    words: ['roles', 'users'],
    nav: { label: 'nav.roles', icon: BadgeCheck, keys: 'g r', permission: 'VIEW_USER' },
  }),
  at('/keys', () => import('../keys/Keys.svelte'), {
    words: ['keys', 'users', 'address'],
    nav: { label: 'nav.keys', icon: KeyRound, keys: 'g k', permission: 'MANAGE_API_KEY' },
  }),
  at('/keys/new', () => import('../keys/Create.svelte'), { words: ['keys', 'users', 'address'] }),
  at('/keys/:id', () => import('../keys/KeyScreen.svelte'), { words: ['keys', 'users', 'address'] }),
  at('/accounts', () => import('../accounts/Accounts.svelte'), {
    words: ['accounts', 'users'],
    nav: { label: 'nav.accounts', icon: Building2, keys: 'g c', permission: 'OPEN_ACCOUNT' },
  }),
  at('/accounts/coverage', () => import('../coverage/AccountCoverage.svelte'), { words: ['coverage'] }),
  at('/accounts/:id', () => import('../accounts/AccountScreen.svelte'), { words: ['accounts', 'users'] }),
  at('/accounts/:id/help', () => import('../help/AdminHelp.svelte'), { words: ['help', 'users'] }),
  at('/help-requests', () => import('../help/HelpRequests.svelte'), { words: ['help'] }),
  at('/gate', () => import('../gate/Gate.svelte'), {
    words: ['gate', 'keys'],
    nav: { label: 'nav.gate', icon: DoorOpen, keys: 'g g', permission: 'MANAGE_GATE' },
  }),
  at('/activity', () => import('../activity/Activity.svelte'), {
    words: ['activity'],
    nav: { label: 'nav.activity', icon: Activity, keys: 'g a', permission: 'VIEW_ACTIVITY' },
  }),
  at('/settings', () => import('../settings/Settings.svelte'), {
    words: ['settings', 'delivery', 'users'],
    nav: { label: 'nav.settings', icon: Settings, keys: 'g s' },
  }),
  at('/settings/break-glass', () => import('../breakglass/BreakGlass.svelte'), { words: ['glass'] }),
  at('/settings/delivery', () => import('../delivery/Delivery.svelte'), { words: ['delivery'] }),
  at('/settings/address', () => import('../delivery/PublicAddress.svelte'), { words: ['delivery'] }),
  at('/settings/templates', () => import('../delivery/Templates.svelte'), { words: ['delivery'] }),
  at('/settings/outbox', () => import('../delivery/Outbox.svelte'), { words: ['delivery'] }),
  at('/profile', () => import('../profile/Profile.svelte'), {
    words: ['own', 'users', 'address', 'activity'],
    whileEnrolling: true,
  }),
  at('/profile/edit', () => import('../profile/EditProfile.svelte'), { words: ['own', 'users'] }),
  at('/profile/password', () => import('../profile/ChangePassword.svelte'), { words: ['own'] }),
  at('/profile/sessions', () => import('../session/Sessions.svelte'), { words: ['own', 'activity'] }),
  at('/profile/notices', () => import('../notices/Notices.svelte'), { words: ['notices'] }),
  enrolment,
  at('/break-glass', () => import('../breakglass/GlassEntry.svelte'), { outside: 'signed_out' }),
  at('/forgotten', () => import('../session/Forgotten.svelte'), { words: ['entry'], outside: 'signed_out' }),
  at('/ask-for-help', () => import('../help/AskByLogin.svelte'), { words: ['help'], outside: 'signed_out' }),
  at('/activate', () => import('../activation/Activation.svelte'), { words: ['entry'], outside: 'signed_out' }),
  setUp,
]

/** The left menu, from top to bottom. */
export const menu = routes.flatMap(({ pattern, nav }) => (nav ? [{ path: pattern, ...nav }] : []))

export interface Place {
  route: Route
  /** The path as it is shown, which is not the one asked for when that leads elsewhere. */
  path: string
  params: Record<string, string>
}

const placeOf = (route: Route): Place => ({ route, path: route.pattern, params: {} })

/** Where a path leads, for a person in this state; a path that nobody knows leads home. */
export function placeFor(path: string, now: { setUp: boolean; enrolling: boolean }): Place {
  if (!now.setUp) return placeOf(setUp)
  for (const route of routes) {
    const params = match(route.pattern, path)
    if (!params || route.outside === 'not_set_up') continue
    if (now.enrolling && !route.whileEnrolling && !route.outside) return placeOf(enrolment)
    return { route, path, params }
  }
  return placeOf(now.enrolling ? enrolment : home)
}
