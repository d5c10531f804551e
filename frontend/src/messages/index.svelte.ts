import type { ProblemCode, ViolationCode } from '../api/problem'
import { recall, remember } from '../ui/memory'
import { translator, type Args, type Key, type Messages, type SeldomMessages } from './catalogue'

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

interface Parts {
  all: () => Promise<Messages>
  seldom: () => Promise<SeldomMessages>
}
const load: Record<Language, Parts> = {
  en: { all: async () => (await import('./en')).default, seldom: async () => (await import('./seldom.en')).default },
  de: { all: async () => (await import('./de')).default, seldom: async () => (await import('./seldom.de')).default },
}

let current = $state.raw<{ language: Language } & ReturnType<typeof translator>>()
let seldomReady: Promise<void> | undefined

async function show(next: Language) {
  const [all, seldom] = await Promise.all([load[next].all(), seldomReady ? load[next].seldom() : undefined])
  current = { language: next, ...translator(next, { ...all, ...seldom }) }
  document.documentElement.lang = next
}

/** Loads the words of screens that most visits never see, now and in every language that is chosen later. */
export function seldomWords(): Promise<void> {
  if (!seldomReady) {
    seldomReady = Promise.resolve() // whatever is shown from here on has them
    if (current) seldomReady = show(current.language)
  }
  return seldomReady
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
  if (current?.language === next) return
  await show(next)
}

/** True once the person picked a language by hand on this computer. */
export const languageChosen = () => isLanguage(recall('language'))

/** What to tell the person about a problem; unknown codes of a newer server fall back to its own sentence. */
export function problemText(problem: { code: ProblemCode; message: string }): string {
  return t(`problem.${problem.code}`) || problem.message
}

export const violationText = (code: ViolationCode) => t(`violation.${code}`)
