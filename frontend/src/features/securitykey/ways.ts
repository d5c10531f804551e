import { inWindow } from '../../api/desk'
import type { Schema } from '../../api/client'
import { browserWay } from './browser'
import { nativeWay } from './native'
import { pageWay } from './page'
import type { KeyWay } from './way'

/** Every way to a security key, the best first; each is undefined where it is not to be had. */
const every: readonly (() => KeyWay | undefined)[] = [pageWay, nativeWay, browserWay]

/** The ways that there are in this window or browser. */
export const waysHere = (): KeyWay[] => every.flatMap((make) => make() ?? [])

export type Site = Schema['SecurityKeySite']
/** Why no security key works here: the server knows of its address, the page of the browser. */
export type WhyNot = NonNullable<Site['why']> | 'other_site' | 'no_way'

/** Why security keys and passkeys do not work here; undefined where they do. */
export function whyNoKeys(site: Site | undefined, ways: readonly KeyWay[] = waysHere()): WhyNot | undefined {
  if (!site) return 'not_here'
  if (!site.works) return site.why ?? 'not_here'
  // The server is reached under another name than its own, which browsers would not have.
  if (!inWindow() && !within(location.hostname, site.site)) return 'other_site'
  if (ways.length > 0) return undefined
  return window.isSecureContext === false ? 'not_secure' : 'no_way'
}

const within = (host: string, site: string) => host === site || host.endsWith(`.${site}`)

/** Where a key works, as people write it; undefined for the windows on desktops, which have no address. */
export function siteAddress(site: string): string | undefined {
  if (site === 'wails.localhost') return undefined
  return site === 'localhost' || site.endsWith('.localhost') ? `http://${site}` : `https://${site}`
}
