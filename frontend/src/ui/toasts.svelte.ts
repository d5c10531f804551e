/** A way to take back what was just done. */
export interface Undo {
  label: string
  run: () => void
}
export interface Toast {
  id: number
  text: string
  tone: 'good' | 'bad'
  undo?: Undo | undefined
}

const timers = new Map<number, ReturnType<typeof setTimeout>>()
let next = 0
export const toasts = $state<Toast[]>([])

export function dismiss(id: number) {
  hold(id)
  const at = toasts.findIndex((toast) => toast.id === id)
  if (at >= 0) toasts.splice(at, 1)
}

/** Takes back everything: what was said to one person is not for the next. */
export const dismissAll = () => [...toasts].forEach(({ id }) => dismiss(id))

/** Keeps it as long as somebody reads or reaches for it. */
export function hold(id: number) {
  clearTimeout(timers.get(id))
  timers.delete(id)
}

/** Lets it go in eight seconds, or in the ten that there are to undo something. */
export function release({ id, undo }: Toast) {
  hold(id)
  timers.set(
    id,
    setTimeout(() => dismiss(id), undo ? 10_000 : 8_000),
  )
}

/** Says something in passing. What must not be missed belongs on the page. */
export function toast(text: string, tone: Toast['tone'] = 'good', undo?: Undo) {
  const said = { id: next++, text, tone, undo }
  toasts.push(said)
  release(said)
}
