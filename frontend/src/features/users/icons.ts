import Ban from '@lucide/svelte/icons/ban'
import LogOut from '@lucide/svelte/icons/log-out'
import MailPlus from '@lucide/svelte/icons/mail-plus'
import Pencil from '@lucide/svelte/icons/pencil'
import ShieldOff from '@lucide/svelte/icons/shield-off'
import Trash2 from '@lucide/svelte/icons/trash-2'
import UserCheck from '@lucide/svelte/icons/user-check'
import type { Component } from 'svelte'
import type { Doing } from './may'

/** The sign of each act, the same wherever it is offered. */
export const icons: Record<Doing, Component<{ size?: number }>> = {
  update: Pencil,
  reissue: MailPlus,
  resetSecondFactors: ShieldOff,
  endSessions: LogOut,
  deactivate: Ban,
  reactivate: UserCheck,
  delete: Trash2,
}
