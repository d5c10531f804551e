import { call, type Schema } from '../../api/client'
import { PagedList } from '../../api/paged.svelte'
import { recall, remember } from '../../ui/memory'
import type { Change } from './acts'
import { isFiltered, toQuery, type Filter } from './filter'

export type User = Schema['User']
const defaultSkeleton = 8

/** The users that match a filter, as far as they have been loaded. */
export class UserList extends PagedList<User, Filter> {
  /** Rows to draw while the first page is under way: as many as there were last time. */
  readonly skeletonRows = Number(recall('users.rows')) || defaultSkeleton

  constructor() {
    super((filter, part) => call('users.list', { ...toQuery(filter), ...part }))
  }

  /** Takes over what was done to a user. */
  take({ kind, user }: Change) {
    if (kind === 'added') void this.again()
    else if (kind === 'deleted') this.remove(user.id)
    else this.replace(user)
  }

  protected override loaded(filter: Filter) {
    if (!isFiltered(filter)) remember('users.rows', String(Math.min(this.rows.length, 12)))
  }
}
