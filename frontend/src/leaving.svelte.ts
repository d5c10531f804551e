/** Nothing that was typed is lost by a step to another page: whoever has unsaved work guards it here. */

const guards = new Set<() => boolean>()
let waiting = $state.raw<() => void>()

/** While `unsaved` says so, the page asks before it is left, closed or reloaded; returns how to stop. */
export function leaveGuard(unsaved: () => boolean): () => void {
  const ask = (event: BeforeUnloadEvent) => {
    if (unsaved()) event.preventDefault()
  }
  guards.add(unsaved)
  window.addEventListener('beforeunload', ask)
  return () => {
    guards.delete(unsaved)
    window.removeEventListener('beforeunload', ask)
  }
}

/** True while somebody guards unsaved work. */
export const isUnsaved = () => [...guards].some((unsaved) => unsaved())

/** Runs `act`, which leaves the page: at once, or after the person agreed to lose what is unsaved. */
export function leave(act: () => void) {
  if (isUnsaved()) waiting = act
  else act()
}

/** True while the person is asked whether to leave. */
export const isLeaving = () => waiting !== undefined

/** The person's answer. */
export function answerLeaving(go: boolean) {
  const act = waiting
  waiting = undefined
  if (go) act?.()
}
