import type { Part } from '../messages/catalogue'
import { setLanguage, words, type Language } from '../messages/index.svelte'

const files = import.meta.glob('../messages/en/*.ts')
const parts = Object.keys(files).map((path) => path.slice('../messages/en/'.length, -'.ts'.length) as Part)

/** Loads a language whole, whatever screens there are. */
export async function speak(language: Language) {
  await words(...parts)
  await setLanguage(language)
}
