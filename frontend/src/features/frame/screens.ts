import type { Screen } from './Lazy.svelte'

export const home: Screen = () => import('../home/Home.svelte')
export const activation: Screen = () => import('../activation/Activation.svelte')
export const setup: Screen = () => import('../setup/Setup.svelte')

const inside: Record<string, Screen | undefined> = {
  '/': home,
  '/users': () => import('../users/Users.svelte'),
  '/activity': () => import('../activity/Activity.svelte'),
  '/profile': () => import('../profile/Profile.svelte'),
  '/two-factor': () => import('../secondfactors/TwoFactor.svelte'),
}

/** The screen at a path, for somebody signed in; an unknown path is home. */
export const screenAt = (path: string): Screen => inside[path] ?? home

/** Begins to load a screen while the server is still being asked who is there. */
export function expect(path: string) {
  const screen = path === '/activate' ? activation : screenAt(path)
  screen().catch(() => undefined)
}
