import { beforeEach, expect, test } from 'vitest'
import { speak } from '../../testing/words'
import { details, meansText, type ActivityRecord } from './sentence'

beforeEach(() => speak('en'))

test.each([
  ['password+authenticator_app', 'password + authenticator app'],
  ['set-up', 'set-up'],
  ['console', 'console'],
  ['system', 'Gatehouse itself'],
  ['of_tomorrow', 'of_tomorrow'],
])('%s is %j in words', (means, words) => {
  expect(meansText(means)).toBe(words)
})

test('means have words in German too', async () => {
  await speak('de')
  expect(meansText('set-up')).toBe('Einrichtung')
})

test.each([
  [{ login: 'tom' }, { label: 'Login', value: 'tom' }],
  [{ roles: ['Admin', 'Support'] }, { label: 'Roles', value: 'Admin, Support' }],
  [{ roles: [] }, { label: 'Roles', value: 'nothing' }],
  [{ forceMfa: true }, { label: '2-factor authentication forced', value: 'Yes' }],
  [{ sessionsEnded: 2 }, { label: 'Sessions ended', value: '2' }],
  [
    { mobile: { before: '', after: '+32 470 12 34 56' } },
    { label: 'Mobile number', value: 'nothing → +32 470 12 34 56' },
  ],
  [{ ofTomorrow: { a: 1 } }, { label: 'ofTomorrow', value: '{"a":1}' }],
])('the detail %j is told in words', (detail, told) => {
  expect(details({ detail } as unknown as ActivityRecord)).toEqual([told])
})
