import { call, type Output } from '../../api/client'
import { toProblem, type Problem } from '../../api/problem'

export type Gate = Output<'gate.show'>

let known = $state.raw<Gate>()
let trouble = $state<Problem>()
/** Answers that were asked for before something was done say nothing any more. */
let acts = 0

/** The doors of the process that answers, as they were last seen. */
export const doors = () => known
/** Why nothing newer is known. */
export const doorsProblem = () => trouble

/** Takes over what came of an act. */
export function takeDoors(next: Gate) {
  acts++
  known = next
  trouble = undefined
}

/** Asks how the doors stand. What is known stays until the answer is there, so that nothing flickers. */
export async function lookAtDoors(): Promise<void> {
  const before = acts
  try {
    const next = await call('gate.show')
    if (before !== acts) return
    known = next
    trouble = undefined
  } catch (thrown) {
    if (before === acts) trouble = toProblem(thrown)
  }
}

/** Looks now and every so often, as long as somebody sees the page; returns how to stop. */
export function watchDoors(everyMs: number): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined
  let over = false
  async function look() {
    clearTimeout(timer)
    if (document.visibilityState === 'visible') await lookAtDoors()
    if (!over) timer = setTimeout(() => void look(), everyMs)
  }
  const shown = () => {
    if (document.visibilityState === 'visible') void look()
  }
  document.addEventListener('visibilitychange', shown)
  void look()
  return () => {
    over = true
    clearTimeout(timer)
    document.removeEventListener('visibilitychange', shown)
  }
}
