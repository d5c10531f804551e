import { describe, expect, test } from 'vitest'
import { define, translator, type Messages } from './catalogue'
import activity from './de/activity'

const files = import.meta.glob<Messages>('./*/*.ts', { import: 'default', eager: true })
const catalogue = (language: string): Record<string, string | { one: string; other: string }> =>
  Object.assign(
    {},
    ...Object.entries(files).flatMap(([path, part]) => (path.startsWith(`./${language}/`) ? [part] : [])),
  )
const source = catalogue('en')
const languages = ['en', 'de'].map((language) => [language, catalogue(language)] as const)
const names = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort()
const sentences = (message: string | { one: string; other: string }) =>
  typeof message === 'string' ? [message] : [message.one, message.other]

describe.each(languages)('language %s', (locale, messages) => {
  test('has the keys of English, in its order', () => {
    expect(Object.keys(messages)).toEqual(Object.keys(source))
  })

  test('every sentence has the placeholders of English and no blanks at its ends', () => {
    for (const [key, message] of Object.entries(messages)) {
      const original = sentences(source[key] ?? '').at(-1) ?? ''
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
  const english = translator('en', catalogue('en'))
  const german = translator('de', catalogue('de'))
  expect(english.text('users.count', { n: 1 })).toBe('1 user')
  expect(english.text('users.count', { n: 12345 })).toBe('12,345 users')
  expect(german.text('home.noMfa', { n: 1 })).toBe('1 aktiver Benutzer ohne 2-Faktor-Authentifizierung')
  expect(german.text('users.countMin', { n: 10000 })).toBe('mehr als 10.000 Benutzer')
})

test('values are set apart from the sentence, and never read as one', () => {
  const { pieces } = translator('en', catalogue('en'))
  expect(pieces('event.user.added', { actor: '{object}', object: '<b>x</b>' })).toEqual([
    { name: 'actor', text: '{object}' },
    { text: ' added user ' },
    { name: 'object', text: '<b>x</b>' },
  ])
})

test('a key this build does not know gives no text and does not throw', () => {
  const { has, text } = translator('en', catalogue('en'))
  expect(has('problem.of_tomorrow')).toBe(false)
  // @ts-expect-error such a key can only come from a newer server
  expect(text('problem.of_tomorrow')).toBe('')
})

test('an incomplete language does not compile', () => {
  const { 'activity.title': title, ...rest } = activity
  // @ts-expect-error the key activity.title is missing
  define('activity', { ...rest })
  // @ts-expect-error the placeholder {actor} is missing
  define('activity', { ...activity, 'event.user.added': 'Jemand hat einen Benutzer hinzugefügt' })
  expect(title).toBe('Aktivität')
})
