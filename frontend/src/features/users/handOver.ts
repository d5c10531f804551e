import type { Schema } from '../../api/client'
import { dateAndTime } from '../../messages/dates'
import { t } from '../../messages/index.svelte'

/** Whom something is handed to, and what. */
export interface Handed {
  user: Pick<Schema['User'], 'name' | 'login' | 'status'>
  activation: Schema['ActivationIssued']
  /** Whose person it is; the reader's own account when left out. */
  account?: string
  /** The mail does not name the login, which goes by SMS or has to be told. */
  loginApart?: boolean
}

/** True while there is something to hand over; what was mailed goes to the person alone. */
export const isSecret = ({ activation }: Handed) => activation.delivery === 'hand_over'

export const titleOf = (handed: Handed) =>
  t(isSecret(handed) ? 'add.doneTitle' : 'add.mailedTitle', { name: handed.user.name })

export const until = (time: string) => t('add.until', { time: dateAndTime(time) })

/**
 * The message to copy. It holds the link, which lasts a day; the code lasts two
 * weeks and belongs on paper, so it stands in a message only where there is no link.
 */
export function message({ user, activation }: Handed, account: string): string {
  const { link, code, expiresAt, codeExpiresAt } = activation
  return [
    t(user.status === 'active' ? 'users.reissue.message' : 'add.message', {
      name: user.name,
      account,
      login: user.login,
    }),
    ...(link
      ? [t('add.messageLink', { link }), until(expiresAt)]
      : [t('add.messageCode', { code }), until(codeExpiresAt)]),
  ].join('\n')
}

/** The sheet to print: login and code, and what to do with them. */
export const sheet = ({ user, activation }: Handed, account: string) => ({
  heading: t('add.sheet', { account, name: user.name }),
  lines: [`${t('users.login')}: ${user.login}`, `${t('add.code')}: ${activation.code}`],
  note: t('add.sheetNote', { time: dateAndTime(activation.codeExpiresAt) }),
})
