import type { events } from '../api/operations.gen'
import type en from './en'
import type seldom from './seldom.en'

export type English = typeof en
/** The words of screens that most visits never see. */
export type Seldom = typeof seldom
type Everything = English & Seldom

/** Every event that the activity log may hold has a sentence, or this does not compile. */
type Sentences = Record<`event.${(typeof events)[number]}`, string>
export type Complete = English extends Sentences ? true : never
const complete: Complete = true
void complete

export type Key = keyof Everything
export type Plural = { readonly one: string; readonly other: string }

type NamesIn<S extends string> = S extends `${string}{${infer N}}${infer Rest}` ? N | NamesIn<Rest> : never
type Names<T> = T extends string ? NamesIn<T> : T extends { other: infer O extends string } ? NamesIn<O> : never

/** What `t(key, …)` takes besides the key: nothing, or a value for every placeholder. */
export type Args<K extends Key> = [Names<Everything[K]>] extends [never]
  ? []
  : [Record<Names<Everything[K]>, string | number>]

/** The messages of a language: every key of English, plural where English is plural. */
type Translated<S> = { readonly [K in keyof S]: S[K] extends string ? string : Plural }
export type Messages = Translated<English>
export type SeldomMessages = Translated<Seldom>

type SameNames<A, B> = [Names<A>] extends [Names<B>] ? ([Names<B>] extends [Names<A>] ? true : false) : false
type Checked<S, M> = {
  [K in keyof M]: K extends keyof S ? (SameNames<M[K], S[K]> extends true ? M[K] : never) : never
}

/** Makes a language; a missing or surplus key and a missing or surplus placeholder do not compile. */
export const defineLanguage = <const M extends Messages>(messages: M & Checked<English, M>): Messages => messages
export const defineSeldom = <const M extends SeldomMessages>(messages: M & Checked<Seldom, M>): SeldomMessages =>
  messages

export interface Piece {
  text: string
  /** The placeholder this piece stands for, when it is a value and not the sentence itself. */
  name?: string
}

/** Binds a catalogue to a locale: picks plural forms and formats numbers. */
export function translator(locale: string, messages: Messages & Partial<SeldomMessages>) {
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
    text: (key: Key, values?: Record<string, string | number>) =>
      pieces(key, values)
        .map((piece) => piece.text)
        .join(''),
  }
}
