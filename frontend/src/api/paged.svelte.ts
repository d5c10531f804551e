import type { Schema } from './client'
import { toProblem, type Problem } from './problem'

interface Page<Row> {
  entities: Row[]
  pagination: Schema['Pagination']
}
/** Which part of a list is asked for; nobody counts again for a page that is not the first. */
type Part = { limit: number; cursor?: string; total?: boolean }

const pageSize = 100

/** The rows that match a filter, as far as they have been loaded. */
export class PagedList<Row extends { id: string }, Filter> {
  rows = $state.raw<readonly Row[]>([])
  total = $state(0)
  totalIsMinimum = $state(false)
  problem = $state<Problem>()
  loading = $state(true)
  /** The last answer held nothing new, though there is more to look through: a page ends after so many rows. */
  stalled = $state(false)

  #cursor = ''
  #run = 0
  /** A further page is under way. */
  under = $state(false)
  #filter: Filter | undefined
  readonly #ask: (filter: Filter, part: Part) => Promise<Page<Row>>

  constructor(ask: (filter: Filter, part: Part) => Promise<Page<Row>>) {
    this.#ask = ask
  }

  /** Loads the first page; an answer that was overtaken by a newer question is dropped. */
  async load(filter: Filter): Promise<void> {
    this.#filter = filter
    this.loading = true
    await this.again()
  }

  /** Asks the same anew, while what is shown stays. */
  async again(): Promise<void> {
    const filter = this.#filter
    if (filter === undefined) return
    const run = ++this.#run
    this.under = false
    try {
      const { entities, pagination } = await this.#ask(filter, { limit: pageSize })
      if (run !== this.#run) return
      this.rows = entities
      this.total = pagination.total
      this.totalIsMinimum = pagination.totalIsMinimum
      this.#cursor = pagination.nextCursor
      this.stalled = entities.length === 0 && this.#cursor !== ''
      this.problem = undefined
      this.loaded?.(filter)
    } catch (thrown) {
      if (run === this.#run) this.problem = toProblem(thrown)
    } finally {
      if (run === this.#run) this.loading = false
    }
  }

  /** Loads the page after the last one; does nothing at the end or while one is under way. */
  async more(): Promise<void> {
    if (!this.#cursor || this.under || this.loading || this.#filter === undefined) return
    const run = this.#run
    this.under = true
    this.problem = undefined
    try {
      const part = { limit: pageSize, cursor: this.#cursor, total: false }
      const { entities, pagination } = await this.#ask(this.#filter, part)
      if (run !== this.#run) return
      const known = new Set(this.rows.map(({ id }) => id))
      this.rows = [...this.rows, ...entities.filter(({ id }) => !known.has(id))]
      this.#cursor = pagination.nextCursor
      this.stalled = entities.length === 0 && this.#cursor !== ''
      if (this.totalIsMinimum) {
        this.total = Math.max(this.total, this.rows.length)
        this.totalIsMinimum = this.#cursor !== ''
      }
    } catch (thrown) {
      if (run === this.#run) this.problem = toProblem(thrown)
    } finally {
      if (run === this.#run) this.under = false
    }
  }

  /** Takes a row over, in place: nobody loses theirs to a new order of things. */
  replace(row: Row) {
    this.rows = this.rows.map((one) => (one.id === row.id ? row : one))
  }

  /** Takes a row out. */
  remove(id: string) {
    const left = this.rows.filter((one) => one.id !== id)
    if (left.length < this.rows.length) this.total--
    this.rows = left
    // What is under way was asked before.
    if (this.loading || this.under) void this.again()
  }

  /** Done once the first page of a filter is there. */
  protected loaded?(filter: Filter): void
}
