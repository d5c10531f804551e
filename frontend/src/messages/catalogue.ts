import type accounts from './en/accounts'
import type address from './en/address'
import type activity from './en/activity'
import type base from './en/base'
import type coverage from './en/coverage'
import type delivery from './en/delivery'
import type entry from './en/entry'
import type gate from './en/gate'
import type help from './en/help'
import type glass from './en/glass'
import type keys from './en/keys'
import type notices from './en/notices'
import type own from './en/own'
import type roles from './en/roles'
import type settings from './en/settings'
import type tap from './en/tap'
import type users from './en/users'

/** What a part of the English catalogue is made of. */
export type Source = Record<string, string | { one: string; other: string }>

/** The English catalogue by parts. Each is loaded with the first screen that needs it; `base` always. */
export interface English {
  base: typeof base
  accounts: typeof accounts
  activity: typeof activity
  address: typeof address
  coverage: typeof coverage
  delivery: typeof delivery
  entry: typeof entry
  gate: typeof gate
  glass: typeof glass
  help: typeof help
  keys: typeof keys
  notices: typeof notices
  own: typeof own
  roles: typeof roles
  settings: typeof settings
  tap: typeof tap
  users: typeof users
}
export type Part = keyof English

type Merged<U> = (U extends unknown ? (part: U) => void : never) extends (all: infer I) => void ? I : never
type Everything = Merged<English[Part]>

export type Key = keyof Everything
export type Plural = { readonly one: string; readonly other: string }

type NamesIn<S extends string> = S extends `${string}{${infer N}}${infer Rest}` ? N | NamesIn<Rest> : never
type Names<T> = T extends string ? NamesIn<T> : T extends { other: infer O extends string } ? NamesIn<O> : never

/** What `t(key, …)` takes besides the key: nothing, or a value for every placeholder. */
export type Args<K extends Key> = [Names<Everything[K]>] extends [never]
  ? []
  : [Record<Names<Everything[K]>, string | number>]

/** A part of a language: every key of the English one, plural where that is plural. */
export type Translated<P extends Part> = {
  readonly [K in keyof English[P]]: English[P][K] extends string ? string : Plural
}
export type Messages = Partial<Merged<{ [P in Part]: Translated<P> }[Part]>>

type SameNames<A, B> = [Names<A>] extends [Names<B>] ? ([Names<B>] extends [Names<A>] ? true : false) : false
type Checked<S, M> = {
  [K in keyof M]: K extends keyof S ? (SameNames<M[K], S[K]> extends true ? M[K] : never) : never
}

/** Makes a part of a language; a missing or surplus key and a missing or surplus placeholder do not compile. */
export const define = <P extends Part, const M extends Translated<P>>(
  _part: P,
  messages: M & Checked<English[P], M>,
): Translated<P> => messages

export interface Piece {
  text: string
  /** The placeholder this piece stands for, when it is a value and not the sentence itself. */
  name?: string
}

/** Binds a catalogue to a locale: picks plural forms and formats numbers. */
export function translator(locale: string, messages: Messages) {
  const plural = new Intl.PluralRules(locale)
  const number = new Intl.NumberFormat(locale)

  function pieces(key: Key, values: Record<string, string | number> = {}): Piece[] {
    const message: string | Plural | undefined = messages[key]
    // A newer server may name a code this build has no words for.
    if (message === undefined) return []
    const sentence =
      typeof message === 'string' ? message : plural.select(Number(values['n'])) === 'one' ? message.one : message.other
    return sentence
      .split(/(\{\w+\})/)
      .filter(Boolean)
      .map((part) => {
        const name = /^\{(\w+)\}$/.exec(part)?.[1]
        if (!name) return { text: part }
        const value = values[name]
        return { name, text: typeof value === 'number' ? number.format(value) : (value ?? '') }
      })
  }

  return {
    pieces,
    has: (key: string) => Object.hasOwn(messages, key),
    text: (key: Key, values?: Record<string, string | number>) => {
      const message: string | Plural | undefined = messages[key]
      // Most sentences have nothing to fill in, and a page has hundreds of them.
      if (typeof message === 'string' && !message.includes('{')) return message
      return pieces(key, values)
        .map((piece) => piece.text)
        .join('')
    },
  }
}
