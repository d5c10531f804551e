import { call } from '../../api/client'

/**
 * Whether the reader holds every permission there is: what decides how links go
 * out is as good as each of them. Where it cannot be learnt, the server says so
 * when something is sent.
 */
export const holdsEverything = (): Promise<boolean> =>
  call('permissions.list').then(
    ({ entities }) => entities.every(({ held }) => held),
    () => true,
  )
