import { call } from '../../api/client'
import { toProblem, type Problem } from '../../api/problem'
import { fromAddress, toQuery, type Filter, type Row } from './filter'

const pageSize = 100

/** The accounts that match a filter, as far as they have been loaded. */
export class AccountList {
  rows = $state.raw<readonly Row[]>([])
  total = $state(0)
  totalIsMinimum = $state(false)
  problem = $state<Problem>()
  loading = $state(true)

  #cursor = ''
  #run = 0
  #more = false
  #filter = fromAddress(new URLSearchParams())

  /** Loads the first page; an answer that was overtaken by a newer question is dropped. */
  async load(filter: Filter): Promise<void> {
    const run = ++this.#run
    this.#filter = filter
    this.#more = false
    this.loading = true
    try {
      const { entities, pagination } = await call('accounts.list', { ...toQuery(filter), limit: pageSize })
      if (run !== this.#run) return
      this.rows = entities
      this.total = pagination.total
      this.totalIsMinimum = pagination.totalIsMinimum
      this.#cursor = pagination.nextCursor
      this.problem = undefined
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
      const asked = { ...toQuery(this.#filter), limit: pageSize, cursor: this.#cursor, total: false }
      const { entities, pagination } = await call('accounts.list', asked)
      if (run !== this.#run) return
      this.rows = [...this.rows, ...entities]
      this.#cursor = pagination.nextCursor
    } catch (thrown) {
      if (run === this.#run) this.problem = toProblem(thrown)
    } finally {
      if (run === this.#run) this.#more = false
    }
  }
}
