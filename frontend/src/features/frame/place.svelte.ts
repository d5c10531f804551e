import { route, showPagesBy } from '../../router.svelte'
import { appState, mustSetUp } from '../session/session.svelte'
import { placeFor } from './routes'

const placeAt = (path: string) => placeFor(path, { setUp: appState().kind !== 'not_set_up', enrolling: mustSetUp() })

/** The page that is shown at the address of now. */
export const place = () => placeAt(route().path)

// While a second factor is demanded every menu item leads to the same page, and nobody is asked about leaving it.
showPagesBy((path) => placeAt(path).path)
