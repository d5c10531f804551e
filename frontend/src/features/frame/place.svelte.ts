import { route } from '../../router.svelte'
import { appState, mustSetUp } from '../session/session.svelte'
import { placeFor } from './routes'

/** The page that is shown at the address of now. */
export const place = () => placeFor(route().path, { setUp: appState().kind !== 'not_set_up', enrolling: mustSetUp() })
