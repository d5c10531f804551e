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

/** A step of a ceremony with a security key: the Go type app.KeyStep. */
export interface NativeStep {
  ceremony: string
  step: 'plug_in' | 'choose' | 'found' | 'touch' | 'pin' | 'account'
  again: boolean
  tries: number
  wrong: boolean
  unfit: boolean
  accounts: { name: string; displayName: string }[]
}

/** How a ceremony with a security key ended: the Go type app.KeyOutcome. */
export interface KeyOutcome {
  answer?: Record<string, unknown>
  failure?: string
  tries?: number
}

type AskKey = { ceremony: string; kind: 'create' | 'get'; options: Record<string, unknown> }

/** How the window asks security keys: the Go type app.SecurityKeys, method by method. */
export interface BoundSecurityKeys {
  Devices(input: Record<string, never>): Promise<{ inBuild: boolean }>
  Ask(input: AskKey): Promise<KeyOutcome>
  EnterPIN(input: { ceremony: string; pin: string }): Promise<unknown>
  Pick(input: { ceremony: string; index: number }): Promise<unknown>
  OpenPage(input: { ceremony: string; language: string }): Promise<{ port: number; address: string }>
  AskBrowser(input: AskKey): Promise<KeyOutcome>
  Cancel(input: { ceremony: string }): Promise<unknown>
}

/** The Go structs bound to the window: a noun of the operations each, the Desk and its security keys. */
export type BoundApp = Partial<Record<Noun, Record<string, Bound>>> & {
  Desk?: BoundDesk
  SecurityKeys?: BoundSecurityKeys
}

declare global {
  interface Window {
    /** Put there by Wails: one object per Go struct. */
    go?: { app?: BoundApp }
    /** Put there by Wails: what the page may ask of the desktop. */
    runtime?: {
      ClipboardSetText?: (text: string) => Promise<boolean>
      /** Hears of an event of the Desk; returns how to stop. */
      EventsOn?: (event: string, listen: (step: NativeStep) => void) => () => void
    }
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
