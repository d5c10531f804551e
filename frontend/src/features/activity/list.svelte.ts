import { call, type Input } from '../../api/client'
import { toProblem, type Problem } from '../../api/problem'
import { dayKey } from '../../messages/dates'
import type { ActivityRecord } from './sentence'

export type Filter = Omit<Input<'activity.list'>, 'limit' | 'cursor'>

export interface Day {
  key: string
  at: string
  records: ActivityRecord[]
}

const pageSize = 50

/** Records, newest first, in groups of one local day each. */
export function byDay(records: readonly ActivityRecord[]): Day[] {
  const days: Day[] = []
  for (const record of records) {
    const key = dayKey(record.at)
    const last = days.at(-1)
    if (last?.key === key) last.records.push(record)
    else days.push({ key, at: record.at, records: [record] })
  }
  return days
}

/** The records that match a filter, as far as they have been loaded. */
export class ActivityList {
  records = $state.raw<readonly ActivityRecord[]>([])
  problem = $state<Problem>()
  loading = $state(true)
  cursor = $state('')
  /** The last answer held nothing, though there is more to look through: a page ends after so many records. */
  stalled = $state(false)
  #run = 0
  #filter: Filter = {}

  async load(filter: Filter) {
    this.#filter = filter
    this.records = []
    this.cursor = ''
    await this.fetch()
  }

  async more() {
    if (this.cursor && !this.loading) await this.fetch()
  }

  private async fetch() {
    const run = ++this.#run
    this.loading = true
    this.problem = undefined
    try {
      const page = await call('activity.list', {
        ...this.#filter,
        limit: pageSize,
        ...(this.cursor ? { cursor: this.cursor } : {}),
      })
      if (run !== this.#run) return
      this.records = [...this.records, ...page.entities]
      this.cursor = page.pagination.nextCursor
      this.stalled = page.entities.length === 0 && this.cursor !== ''
    } catch (thrown) {
      if (run === this.#run) this.problem = toProblem(thrown)
    } finally {
      if (run === this.#run) this.loading = false
    }
  }
}
