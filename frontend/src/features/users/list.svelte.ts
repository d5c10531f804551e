import { call, type Schema } from '../../api/client'
import { toProblem, type Problem } from '../../api/problem'
import { recall, remember } from '../../ui/memory'

export type User = Schema['User']
export const statuses = ['active', 'invited', 'deactivated'] as const
export type Status = User['status']

export interface Filter {
  q: string
  status: Status | undefined
}

const pageSize = 100
const defaultSkeleton = 8

/** The users that match a filter, as far as they have been loaded. */
export class UserList {
  rows = $state.raw<readonly User[]>([])
  total = $state(0)
  totalIsMinimum = $state(false)
  problem = $state<Problem>()
  loading = $state(true)
  /** Rows to draw while the first page is under way: as many as there were last time. */
  readonly skeletonRows = Number(recall('users.rows')) || defaultSkeleton

  #cursor = ''
  #run = 0
  #more = false
  #filter: Filter = { q: '', status: undefined }

  /** Loads the first page; an answer that was overtaken by a newer question is dropped. */
  async load(filter: Filter): Promise<void> {
    const run = ++this.#run
    this.#filter = filter
    this.#more = false
    this.loading = true
    try {
      const { entities, pagination } = await call('users.list', { ...this.query, limit: pageSize })
      if (run !== this.#run) return
      this.rows = entities
      this.total = pagination.total
      this.totalIsMinimum = pagination.totalIsMinimum
      this.#cursor = pagination.nextCursor
      this.problem = undefined
      if (!filter.q && !filter.status) remember('users.rows', String(Math.min(entities.length, 12)))
    } catch (thrown) {
      if (run === this.#run) this.problem = toProblem(thrown)
    } finally {
      if (run === this.#run) this.loading = false
    }
  }

  /** Loads the page after the last one; does nothing at the end or while one is under way. */
  async more(): Promise<void> {
    if (!this.#cursor || this.#more || this.loading) return
    const run = this.#run
    this.#more = true
    try {
      const { entities, pagination } = await call('users.list', {
        ...this.query,
        limit: pageSize,
        cursor: this.#cursor,
      })
      if (run !== this.#run) return
      const known = new Set(this.rows.map((user) => user.id))
      this.rows = [...this.rows, ...entities.filter((user) => !known.has(user.id))]
      this.#cursor = pagination.nextCursor
    } catch (thrown) {
      if (run === this.#run) this.problem = toProblem(thrown)
    } finally {
      if (run === this.#run) this.#more = false
    }
  }

  private get query() {
    const { q, status } = this.#filter
    return { ...(q ? { q } : {}), ...(status ? { status } : {}) }
  }
}
