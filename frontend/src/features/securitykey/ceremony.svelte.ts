import { toProblem, type Problem } from '../../api/problem'
import { KeyError, type Ask, type KeyAnswer, type KeyFailure, type KeyStep, type KeyWay } from './way'

/** What a person sees: a step of the way, or what is before and after it. */
export type Shown =
  | { at: 'asking' }
  | KeyStep
  /** The server looks at the answer. */
  | { at: 'checking' }
  | { at: 'done' }
  /** The way came to nothing. */
  | { at: 'failed'; failure: KeyFailure; tries: number }
  /** The server would not ask, or would not have the answer. */
  | { at: 'refused'; problem: Problem }

interface Parts {
  kind: 'create' | 'get'
  ways: readonly KeyWay[]
  ask: Ask
  /** Takes the answer to the server; rejects with the problem when it does not count. */
  answer: (given: KeyAnswer) => Promise<void>
}

/** One ceremony with a security key: begun, tried again, tried another way, or given up. */
export class Ceremony {
  shown = $state.raw<Shown>({ at: 'asking' })
  way = $state.raw<KeyWay>()
  readonly #parts: Parts
  #stop: AbortController | undefined
  #gone = new Set<KeyWay>()

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** The ways that could be taken instead of this one. */
  get others(): KeyWay[] {
    return this.#parts.ways.filter((way) => way !== this.way && !this.#gone.has(way))
  }

  get busy(): boolean {
    return this.shown.at !== 'failed' && this.shown.at !== 'refused' && this.shown.at !== 'done'
  }

  /** Begins, or begins anew: whatever ran is given up. */
  async start(way: KeyWay | undefined = this.way ?? this.#parts.ways[0]): Promise<void> {
    this.stop()
    const stop = (this.#stop = new AbortController())
    const { kind, ask, answer } = this.#parts
    this.way = way
    this.shown = { at: 'asking' }
    const show = (shown: Shown) => {
      if (!stop.signal.aborted) this.shown = shown
    }
    if (!way) return show({ at: 'failed', failure: 'not_here', tries: 0 })
    try {
      const given = await way[kind](ask, show, stop.signal)
      if (stop.signal.aborted) return
      show({ at: 'checking' })
      await answer(given)
      show({ at: 'done' })
    } catch (thrown) {
      if (stop.signal.aborted) return
      if (!(thrown instanceof KeyError)) return show({ at: 'refused', problem: toProblem(thrown) })
      // A way that turns out not to be here makes room for the next one, unasked.
      if (thrown.failure === 'not_here') this.#gone.add(way)
      const next = thrown.failure === 'not_here' ? this.others[0] : undefined
      if (next) return this.start(next)
      show({ at: 'failed', failure: thrown.failure, tries: thrown.tries })
    }
  }

  /** Ends what runs, and shows nothing of its end: whoever leaves knows. */
  stop() {
    this.#stop?.abort()
    this.#stop = undefined
  }

  /** Ends what runs, and stays to be tried again. */
  cancel() {
    this.stop()
    this.shown = { at: 'failed', failure: 'cancelled', tries: 0 }
  }
}
