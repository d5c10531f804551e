import { call, type Output } from '../../api/client'
import { toProblem, type Problem } from '../../api/problem'
import { language } from '../../messages/index.svelte'
import { refresh } from '../session/session.svelte'

export type Notice = Output<'profile.notices'>['entities'][number]
const pageSize = 50

/** What one was told, as far as it has been loaded, newest first. */
export class NoticeList {
  notices = $state.raw<readonly Notice[]>()
  problem = $state<Problem>()
  cursor = $state('')
  busy = $state('')
  #run = 0

  /** Asks anew, in the language of now. */
  async load() {
    this.cursor = ''
    await this.#fetch([])
  }

  async more() {
    this.busy = 'more'
    await this.#fetch(this.notices ?? [])
    this.busy = ''
  }

  /** Says that these were read; others that came meanwhile stay new. */
  async read(those: readonly Notice[], what: string) {
    this.busy = what
    this.problem = undefined
    const ids = those.slice(0, 200).map(({ id }) => id)
    try {
      await call('profile.readNotices', { ids })
      const readAt = new Date().toISOString()
      this.notices = this.notices?.map((one) => (ids.includes(one.id) ? { ...one, readAt: one.readAt ?? readAt } : one))
      await refresh().catch(() => undefined)
    } catch (thrown) {
      this.problem = toProblem(thrown)
    }
    this.busy = ''
  }

  async #fetch(before: readonly Notice[]) {
    const run = ++this.#run
    this.problem = undefined
    try {
      const page = await call('profile.notices', {
        limit: pageSize,
        total: false,
        language: language(),
        ...(this.cursor ? { cursor: this.cursor } : {}),
      })
      if (run !== this.#run) return
      this.notices = [...before, ...page.entities]
      this.cursor = page.pagination.nextCursor
    } catch (thrown) {
      if (run === this.#run) this.problem = toProblem(thrown)
    }
  }
}
