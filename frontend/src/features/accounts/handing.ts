import { call, type Output } from '../../api/client'
import { t } from '../../messages/index.svelte'
import { can } from '../session/session.svelte'
import type { Handed } from '../users/handOver'

/** On which two ways the admin user of an account gets in, said before anything is sent. */
export function byTwoWays(email: string, mobile: string, sms: boolean | undefined): string {
  const login =
    sms === false
      ? t('accounts.byHandNoSms')
      : mobile
        ? t(sms ? 'accounts.bySms' : 'accounts.bySmsPerhaps', { mobile })
        : t('accounts.byHand')
  return `${t('accounts.byMail', { email })} ${login}`
}

/** Whether SMS go out; undefined for whoever may not know, or where it cannot be learnt. */
export async function sendsSms(): Promise<boolean | undefined> {
  if (!can('MANAGE_INSTALLATION')) return undefined
  return call('delivery.show').then(
    ({ sms }) => sms.setUp,
    () => undefined,
  )
}

/**
 * What the operator reads and hands over afterwards. Whoever chooses a new
 * password knows the login; whoever has yet to come gets it by another way.
 */
export const handed = ({ account, admin, activation }: Output<'accounts.open'>): Handed => ({
  user: admin ?? { name: account.name, login: '', status: 'invited' },
  activation,
  account: account.name,
  loginApart: admin?.status === 'invited',
})
