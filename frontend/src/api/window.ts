import type { Transport } from './client'
import { operations } from './operations.gen'
import { Problem } from './problem'

type Bound = (input: Record<string, unknown>) => Promise<unknown>
type Noun = (typeof operations)[keyof typeof operations]['noun']

/** What only a window can do: the Go type app.Desk, method by method. */
export interface BoundDesk {
  /** Asks where to put the file; false when the person cancelled. */
  SaveText(name: string, text: string): Promise<boolean>
  OpenLink(link: string): Promise<void>
}

/** The Go structs bound to the window: a noun of the operations each, and the Desk. */
export type BoundApp = Partial<Record<Noun, Record<string, Bound>>> & { Desk?: BoundDesk }

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
