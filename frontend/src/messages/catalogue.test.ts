import { describe, expect, test } from 'vitest'
import { defineLanguage, translator, type Messages, type SeldomMessages } from './catalogue'
import de from './de'
import en from './en'
import seldomDe from './seldom.de'
import seldomEn from './seldom.en'

const source = { ...en, ...seldomEn }
const languages: [string, Messages & SeldomMessages][] = [
  ['en', source],
  ['de', { ...de, ...seldomDe }],
]
const names = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort()
const sentences = (message: string | { one: string; other: string }) =>
  typeof message === 'string' ? [message] : [message.one, message.other]

describe.each(languages)('language %s', (locale, messages) => {
  test('has the keys of English, in its order', () => {
    expect(Object.keys(messages)).toEqual(Object.keys(source))
  })

  test('every sentence has the placeholders of English and no blanks at its ends', () => {
    for (const [key, message] of Object.entries(messages)) {
      const original = sentences(source[key as keyof typeof source]).at(-1) ?? ''
      for (const sentence of sentences(message)) {
        // "One field" needs no number; the plural does.
        const wanted = typeof message === 'object' && sentence === message.one ? names(sentence) : names(original)
        expect(names(sentence), `${locale} ${key}`).toEqual(wanted)
        expect(sentence.trim(), `${locale} ${key}`).toBe(sentence)
        expect(sentence, `${locale} ${key}`).not.toBe('')
      }
    }
  })
})

test('plural and number follow the locale', () => {
  const english = translator('en', en)
  const german = translator('de', de)
  expect(english.text('users.count', { n: 1 })).toBe('1 user')
  expect(english.text('users.count', { n: 12345 })).toBe('12,345 users')
  expect(german.text('home.noMfa', { n: 1 })).toBe('1 aktiver Benutzer ohne 2-Faktor-Authentifizierung')
  expect(german.text('users.countMin', { n: 10000 })).toBe('mehr als 10.000 Benutzer')
})

test('values are set apart from the sentence, and never read as one', () => {
  const { pieces } = translator('en', en)
  expect(pieces('event.user.added', { actor: '{object}', object: '<b>x</b>' })).toEqual([
    { name: 'actor', text: '{object}' },
    { text: ' added user ' },
    { name: 'object', text: '<b>x</b>' },
  ])
})

test('a key this build does not know gives no text and does not throw', () => {
  const { has, text } = translator('en', en)
  expect(has('problem.of_tomorrow')).toBe(false)
  // @ts-expect-error such a key can only come from a newer server
  expect(text('problem.of_tomorrow')).toBe('')
})

test('an incomplete language does not compile', () => {
  const { 'app.name': name, ...rest } = de
  // @ts-expect-error the key app.name is missing
  defineLanguage({ ...rest })
  // @ts-expect-error the placeholder {name} is missing
  defineLanguage({ ...rest, 'app.name': name, 'home.morning': 'Guten Morgen' })
  expect(name).toBe('Gatehouse')
})
