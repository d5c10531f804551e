import { commands, singleKeys } from './registry.svelte'

const patienceMs = 1_200

const isTyping = (target: EventTarget | null) =>
  target instanceof HTMLElement && target.closest('input, textarea, select, [contenteditable=true]') !== null

/**
 * Makes the listener for single keys. It stays silent while somebody types, while
 * a dialog is open, and with any modifier but Shift (which `?` needs).
 */
export function keyListener(now: () => number = Date.now) {
  let first = ''
  let firstAt = 0

  return (event: KeyboardEvent) => {
    if (!singleKeys() || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return
    if (event.key.length !== 1 || isTyping(event.target) || document.querySelector('dialog[open]')) return

    const pair = first && now() - firstAt < patienceMs ? `${first} ${event.key}` : ''
    const offered = commands()
    const hit = offered.find((c) => c.keys && (c.keys === pair || (!pair && c.keys === event.key)))
    first = ''
    if (hit) {
      event.preventDefault()
      hit.run()
    } else if (offered.some((c) => c.keys?.startsWith(`${event.key} `))) {
      first = event.key
      firstAt = now()
    }
  }
}
