import Bell from '@lucide/svelte/icons/bell'
import CircleHelp from '@lucide/svelte/icons/circle-question-mark'
import KeyRound from '@lucide/svelte/icons/key-round'
import Languages from '@lucide/svelte/icons/languages'
import LockKeyhole from '@lucide/svelte/icons/lock-keyhole'
import LogOut from '@lucide/svelte/icons/log-out'
import MonitorSmartphone from '@lucide/svelte/icons/monitor-smartphone'
import ShieldCheck from '@lucide/svelte/icons/shield-check'
import SunMoon from '@lucide/svelte/icons/sun-moon'
import UserPlus from '@lucide/svelte/icons/user-plus'
import UserRound from '@lucide/svelte/icons/user-round'
import type { Command } from '../../commands/registry.svelte'
import { leave } from '../../leaving.svelte'
import { language, languageOptions, setLanguage, t } from '../../messages/index.svelte'
import { go, href } from '../../router.svelte'
import { setTheme, theme, themes } from '../../ui/theme.svelte'
import { can, mustSetUp, signOut } from '../session/session.svelte'
import { menu } from './routes'

/** The commands that are there on every page once somebody is signed in. */
export function frameCommands({
  showSheet,
  openPalette,
}: {
  showSheet: () => void
  openPalette: () => void
}): Command[] {
  return [
    ...menu.map((page): Command => ({
      id: `go${page.path}`,
      group: 'go',
      label: () => t(page.label),
      icon: page.icon,
      keys: page.keys,
      when: () => !mustSetUp() && (!page.permission || can(page.permission)),
      run: () => go(href(page.path)),
    })),
    {
      id: 'go/profile',
      group: 'go',
      label: () => t('nav.showProfile'),
      icon: UserRound,
      keys: 'g p',
      run: () => go(href('/profile')),
    },
    {
      id: 'go/profile/second-factors',
      group: 'go',
      label: () => t('nav.twoFactor'),
      icon: ShieldCheck,
      run: () => go(href('/profile/second-factors')),
    },
    {
      id: 'go/profile/sessions',
      group: 'go',
      label: () => t('nav.sessions'),
      icon: MonitorSmartphone,
      when: () => !mustSetUp(),
      run: () => go(href('/profile/sessions')),
    },
    {
      id: 'go/profile/notices',
      group: 'go',
      label: () => t('nav.notices'),
      icon: Bell,
      when: () => !mustSetUp(),
      run: () => go(href('/profile/notices')),
    },
    {
      id: 'profile.password',
      group: 'do',
      label: () => t('nav.password'),
      icon: LockKeyhole,
      when: () => !mustSetUp(),
      run: () => go(href('/profile/password')),
    },
    {
      id: 'profile.edit',
      group: 'do',
      label: () => t('nav.editProfile'),
      icon: UserRound,
      when: () => !mustSetUp(),
      run: () => go(href('/profile/edit')),
    },
    {
      id: 'users.add',
      group: 'do',
      label: () => t('nav.addUser'),
      icon: UserPlus,
      keys: 'n',
      when: () => !mustSetUp() && can('MANAGE_USER'),
      run: () => go(href('/users', { add: '1' })),
    },
    {
      id: 'keys.create',
      group: 'do',
      label: () => t('nav.createKey'),
      icon: KeyRound,
      when: () => !mustSetUp() && can('MANAGE_API_KEY'),
      run: () => go(href('/keys/new')),
    },
    { id: 'search', group: 'do', label: () => t('nav.search'), keys: '/', run: openPalette },
    { id: 'shortcuts', group: 'do', label: () => t('nav.shortcuts'), icon: CircleHelp, keys: '?', run: showSheet },
    {
      id: 'signOut',
      group: 'do',
      label: () => t('nav.signOut'),
      icon: LogOut,
      run: () => leave(() => void signOut().catch(() => undefined)),
    },
    ...languageOptions.map(({ value: id, label }): Command => ({
      id: `language-${id}`,
      group: 'set',
      label: () => t('command.language', { name: label }),
      icon: Languages,
      when: () => language() !== id,
      run: () => void setLanguage(id, true),
    })),
    ...themes.map((id): Command => ({
      id: `theme-${id}`,
      group: 'set',
      label: () => t('command.theme', { name: t(`theme.${id}`) }),
      icon: SunMoon,
      when: () => theme() !== id,
      run: () => setTheme(id),
    })),
  ]
}
