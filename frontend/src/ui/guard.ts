/** While `unsaved` says so, the browser asks before the page is closed or reloaded; returns how to stop. */
export function leaveGuard(unsaved: () => boolean): () => void {
  const ask = (event: BeforeUnloadEvent) => {
    if (unsaved()) event.preventDefault()
  }
  window.addEventListener('beforeunload', ask)
  return () => window.removeEventListener('beforeunload', ask)
}
