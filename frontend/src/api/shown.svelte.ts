import { toProblem, type Problem } from './problem'

/** One thing that a screen shows. What is shown stays until the next answer is there, so that nothing flickers. */
export class Shown<In, Out> {
  now = $state.raw<Out>()
  problem = $state<Problem>()
  #run = 0
  readonly #ask: (input: In) => Promise<Out>

  constructor(ask: (input: In) => Promise<Out>) {
    this.#ask = ask
  }

  /** Asks; an answer that was overtaken by a newer question is dropped. */
  async load(input: In): Promise<void> {
    const run = ++this.#run
    try {
      const found = await this.#ask(input)
      if (run !== this.#run) return
      this.now = found
      this.problem = undefined
    } catch (thrown) {
      if (run === this.#run) this.problem = toProblem(thrown)
    }
  }
}
