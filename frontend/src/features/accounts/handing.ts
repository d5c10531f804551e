import type { Output } from '../../api/client'
import { t } from '../../messages/index.svelte'
import type { Handed } from '../users/handOver'

/** On which two ways the admin user of an account gets in, said before anything is sent. */
export const byTwoWays = (email: string, mobile: string) =>
  `${t('accounts.byMail', { email })} ${mobile ? t('accounts.bySms', { mobile }) : t('accounts.byHand')}`

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
