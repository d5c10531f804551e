import { t } from '../../messages/index.svelte'
import { installation } from '../session/session.svelte'
import { siteAddress, whyNoKeys } from './ways'

/** Why no security key works in this window or browser, in words; undefined where one does. */
export function whyNoKeysHere(): string | undefined {
  const site = installation()?.securityKeys
  const why = whyNoKeys(site)
  if (why === 'other_site') return t('keyWhy.other_site', { site: siteAddress(site?.site ?? '') ?? '' })
  return why && t(`keyWhy.${why}`)
}
