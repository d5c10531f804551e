import type { Output } from '../../api/client'
import { problemText, t } from '../../messages/index.svelte'

type May = Output<'accounts.show'>['may'][number]

/** Why an act on an account is not possible, in the reader's language; undefined when it is. */
export function why({ act, allowed, code, detail }: May): string | undefined {
  if (allowed) return undefined
  const admin = act === 'handOverAdmin' || act === 'reissueAdmin' || act === 'helpAdmin'
  switch (code) {
    case 'operator_account':
      if (act === 'update') return t('accounts.why.operatorUpdate')
      return t(admin ? 'accounts.why.operatorAdmin' : 'accounts.why.operator')
    case 'forbidden':
      if (act === 'handOverAdmin' || act === 'helpAdmin') return t('accounts.why.resetFactors')
      break
    case 'conflict':
      if (admin) return t('accounts.why.suspended')
  }
  // What this page does not foresee is told in the server's own words.
  return detail || problemText({ code: code ?? 'forbidden', message: '' })
}
