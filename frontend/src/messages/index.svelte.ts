import type { ProblemCode, ViolationCode } from '../api/problem'
import { recall, remember } from '../ui/memory'
import { translator, type Args, type Key, type Messages, type Part } from './catalogue'

export const languages = { en: 'English', de: 'Deutsch' } as const
export type Language = keyof typeof languages
export type { Key } from './catalogue'

/** The languages to choose from, each in its own words. */
export const languageOptions = (Object.keys(languages) as Language[]).map((value) => ({
  value,
  label: languages[value],
}))
/** What a language calls itself; one that this build does not speak keeps its code. */
export const languageName = (value: string) => (isLanguage(value) ? languages[value] : value)

/** Every part of every language, each a file of its own. */
const files = import.meta.glob<Messages>('./*/*.ts', { import: 'default' })

async function load(language: Language, parts: Iterable<Part>): Promise<Messages> {
  const loaded = await Promise.all([...parts].map((part) => files[`./${language}/${part}.ts`]?.()))
  return Object.assign({}, ...loaded) as Messages
}

let current = $state.raw<{ language: Language } & ReturnType<typeof translator>>()
/** The parts that are shown, in every language chosen from here on. */
const wanted = new Set<Part>(['base'])
/** One change after the other, so that the last one stands. */
let last: Promise<void> = Promise.resolve()

function show(change: () => Language | undefined): Promise<void> {
  const shown = last.then(async () => {
    const next = change()
    if (!next) return
    const messages = await load(next, wanted)
    current = { language: next, ...translator(next, messages) }
    document.documentElement.lang = next
  })
  last = shown.catch(() => undefined)
  return shown
}

/** Loads parts of the catalogue, now and in every language that is chosen later. */
export function words(...parts: readonly Part[]): Promise<void> {
  return show(() => {
    const missing = parts.filter((part) => !wanted.has(part))
    for (const part of missing) wanted.add(part)
    return missing.length ? current?.language : undefined
  })
}

const catalogue = () => {
  if (!current) throw new Error('No language is loaded yet.')
  return current
}

export const language = () => catalogue().language

/** The text of a key in the reader's language, with its placeholders filled. */
export const t = <K extends Key>(key: K, ...args: Args<K>): string => catalogue().text(key, args[0])

/** The same as pieces, so that names can be set apart from the sentence. */
export const pieces = (key: Key, values: Record<string, string | number>) => catalogue().pieces(key, values)

/** True for a key of the catalogue, for keys made from what the server sends. */
export const has = (key: string): key is Key => catalogue().has(key)

export const isLanguage = (value: string | null | undefined): value is Language => value != null && value in languages

/** The language this person chose here before, or else the first of the browser's that we speak. */
export function preferredLanguage(): Language {
  const chosen = recall('language')
  if (isLanguage(chosen)) return chosen
  for (const tag of navigator.languages) {
    const base = tag.slice(0, 2)
    if (isLanguage(base)) return base
  }
  return 'en'
}

/** Loads a language and shows the app in it; `lasting` keeps the choice on this computer. */
export async function setLanguage(next: Language, lasting = false) {
  if (lasting) remember('language', next)
  await show(() => (current?.language === next ? undefined : next))
}

/** True once the person picked a language by hand on this computer. */
export const languageChosen = () => isLanguage(recall('language'))

/** What to tell the person about a problem; unknown codes of a newer server fall back to its own sentence. */
export function problemText(problem: { code: ProblemCode; message: string }): string {
  return t(`problem.${problem.code}`) || problem.message
}

export const violationText = (code: ViolationCode) => t(`violation.${code}`)
