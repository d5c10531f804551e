import AtSign from '@lucide/svelte/icons/at-sign'
import BadgeCheck from '@lucide/svelte/icons/badge-check'
import Building2 from '@lucide/svelte/icons/building-2'
import Hammer from '@lucide/svelte/icons/hammer'
import HandHelping from '@lucide/svelte/icons/hand-helping'
import Hourglass from '@lucide/svelte/icons/hourglass'
import KeyRound from '@lucide/svelte/icons/key-round'
import Link from '@lucide/svelte/icons/link'
import LogOut from '@lucide/svelte/icons/log-out'
import MapPin from '@lucide/svelte/icons/map-pin'
import Send from '@lucide/svelte/icons/send'
import ShieldCheck from '@lucide/svelte/icons/shield-check'
import Tag from '@lucide/svelte/icons/tag'
import Terminal from '@lucide/svelte/icons/terminal'
import UserRound from '@lucide/svelte/icons/user-round'
import type { Component } from 'svelte'
import type { Notice } from './list.svelte'

/** What a notice is about, at a glance; its words say it. */
export const icons: Record<Notice['kind'], Component<{ size?: number }>> = {
  password_changed: KeyRound,
  password_reset: KeyRound,
  factor_added: ShieldCheck,
  factor_removed: ShieldCheck,
  security_key_added: ShieldCheck,
  security_key_removed: ShieldCheck,
  factors_off: ShieldCheck,
  factors_reset: ShieldCheck,
  help_asked: HandHelping,
  help_declined: HandHelping,
  factor_demanded: ShieldCheck,
  codes_replaced: ShieldCheck,
  codes_low: ShieldCheck,
  email_changed: AtSign,
  roles_changed: BadgeCheck,
  entry_changed: MapPin,
  link_issued: Link,
  session_ended: LogOut,
  sessions_ended: LogOut,
  new_address: MapPin,
  key_made: Tag,
  key_ended: Tag,
  key_ending: Hourglass,
  key_expired: Hourglass,
  contact_changed: Building2,
  handed_over: UserRound,
  delivery_changed: Send,
  break_glass_made: Hammer,
  break_glass_off: Hammer,
  break_glass_used: Hammer,
  break_glass_other: Hammer,
  console_acted: Terminal,
}
