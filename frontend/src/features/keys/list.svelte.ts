import { call } from '../../api/client'
import { PagedList } from '../../api/paged.svelte'
import { session } from '../session/session.svelte'
import type { Change } from './acts'
import { toQuery, type Filter } from './filter'
import type { ListedKey } from './key'

/** The keys that match a filter, as far as they have been loaded. */
export class KeyList extends PagedList<ListedKey, Filter> {
  constructor() {
    super((filter, part) => call('keys.list', { ...toQuery(filter, session()?.user.id ?? ''), ...part }))
  }

  /** Takes over what was done to a key. */
  take(change: Change) {
    if (change.kind === 'deleted') this.remove(change.key.id)
    else if (change.kind === 'made') void this.again()
    else {
      const had = this.rows.find(({ id }) => id === change.key.id)
      if (had) this.replace({ ...had, ...change.key })
    }
  }
}
