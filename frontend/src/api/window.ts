import type { Transport } from './client'
import { operations } from './operations.gen'
import { Problem } from './problem'

type Bound = (...args: unknown[]) => Promise<unknown>
export type BoundApp = Record<string, Record<string, Bound> | undefined>

declare global {
  interface Window {
    /** Put there by Wails: one object per Go struct. */
    go?: { app?: BoundApp }
    /** Put there by Wails: what the page may ask of the desktop. */
    runtime?: { ClipboardSetText?: (text: string) => Promise<boolean> }
  }
}

/** Bound Go methods: `users.list` is `window.go.app.Users.List(input)`. The session stays in Go's memory. */
export function windowTransport(app: BoundApp): Transport {
  return {
    async send(operation, input) {
      const { noun, verb } = operations[operation]
      const method = app[noun]?.[verb]
      if (!method) throw new Problem({ code: 'not_found', detail: `This window does not know ${operation}.` })
      const filled = Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined))
      return (await method(filled)) ?? {}
    },
  }
}
