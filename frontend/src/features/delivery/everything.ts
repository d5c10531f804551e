import { call } from '../../api/client'
import { can } from '../session/session.svelte'

/**
 * Whether the reader holds every permission there is: what decides how links go
 * out is as good as each of them. Where it cannot be learnt, the server says so
 * when something is sent.
 */
export async function holdsEverything(): Promise<boolean> {
  if (!can('VIEW_USER')) return false
  return call('permissions.list').then(
    ({ entities }) => entities.every(({ held }) => held),
    () => true,
  )
}
