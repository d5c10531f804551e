import { recall, remember } from './memory'

export const themes = ['system', 'light', 'dark'] as const
export type Theme = (typeof themes)[number]

const isTheme = (value: string | null): value is Theme => themes.some((theme) => theme === value)
const systemDark = matchMedia('(prefers-color-scheme: dark)')
const stored = recall('theme')
let chosen = $state<Theme>(isTheme(stored) ? stored : 'system')

function apply() {
  const dark = chosen === 'dark' || (chosen === 'system' && systemDark.matches)
  document.documentElement.dataset['theme'] = dark ? 'dark' : 'light'
}

systemDark.addEventListener('change', apply)
apply()

export const theme = () => chosen

/** Shows the app in a theme and keeps the choice on this computer. */
export function setTheme(next: Theme) {
  chosen = next
  remember('theme', next)
  apply()
}
