export interface Toast {
  id: number
  text: string
  tone: 'good' | 'bad'
}

let next = 0
export const toasts = $state<Toast[]>([])

export function dismiss(id: number) {
  const at = toasts.findIndex((toast) => toast.id === id)
  if (at >= 0) toasts.splice(at, 1)
}

/** Takes back everything: what was said to one person is not for the next. */
export const dismissAll = () => void toasts.splice(0)

/** Says something in passing, for eight seconds. What must not be missed belongs on the page. */
export function toast(text: string, tone: Toast['tone'] = 'good') {
  const id = next++
  toasts.push({ id, text, tone })
  setTimeout(() => dismiss(id), 8_000)
}
