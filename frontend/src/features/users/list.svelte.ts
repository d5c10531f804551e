import { call, type Schema } from '../../api/client'
import { toProblem, type Problem } from '../../api/problem'
import { recall, remember } from '../../ui/memory'
import type { Change } from './acts'
import { fromAddress, isFiltered, toQuery, type Filter } from './filter'

export type User = Schema['User']
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
  #filter = fromAddress(new URLSearchParams())

  /** Loads the first page; an answer that was overtaken by a newer question is dropped. */
  async load(filter: Filter): Promise<void> {
    this.#filter = filter
    this.loading = true
    await this.#first()
  }

  /** Takes over what was done to a user, in place: nobody loses their row to a new order of things. */
  take(change: Change) {
    if (change.kind === 'added') return void this.#first()
    if (change.kind === 'deleted') {
      const left = this.rows.filter((user) => user.id !== change.user.id)
      if (left.length < this.rows.length) this.total--
      this.rows = left
      // What is under way was asked before.
      if (this.loading || this.#more) void this.#first()
      return
    }
    this.rows = this.rows.map((user) => (user.id === change.user.id ? change.user : user))
  }

  async #first(): Promise<void> {
    const run = ++this.#run
    const filter = this.#filter
    this.#more = false
    try {
      const { entities, pagination } = await call('users.list', { ...toQuery(filter), limit: pageSize })
      if (run !== this.#run) return
      this.rows = entities
      this.total = pagination.total
      this.totalIsMinimum = pagination.totalIsMinimum
      this.#cursor = pagination.nextCursor
      this.problem = undefined
      if (!isFiltered(filter)) remember('users.rows', String(Math.min(entities.length, 12)))
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
        ...toQuery(this.#filter),
        limit: pageSize,
        cursor: this.#cursor,
      })
      if (run !== this.#run) return
      const known = new Set(this.rows.map((user) => user.id))
      this.rows = [...this.rows, ...entities.filter((user) => !known.has(user.id))]
      this.#cursor = pagination.nextCursor
      if (this.totalIsMinimum) {
        this.total = Math.max(this.total, this.rows.length)
        this.totalIsMinimum = this.#cursor !== ''
      }
    } catch (thrown) {
      if (run === this.#run) this.problem = toProblem(thrown)
    } finally {
      if (run === this.#run) this.#more = false
    }
  }
}
