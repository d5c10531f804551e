import { beforeEach, expect, test } from 'vitest'
import { speak } from '../../testing/words'
import { details, meansText, sentence, type ActivityRecord } from './sentence'

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

const refused = (
  actor: { kind: string; name?: string },
  event: string,
  detail: Record<string, unknown> = {},
  object: { name: string; id: string } = { name: '', id: '' },
) =>
  sentence({
    event,
    outcome: 'refused',
    actor: { id: '', name: '', ...actor },
    object,
    detail,
  } as unknown as ActivityRecord)
    .map((piece) => piece.text)
    .join('')
const anna = { kind: 'user', name: 'Anna' }
const tom = { name: 'Tom', id: 'usr_tom' }

test('what was refused is told in words, not by the name of its event', () => {
  expect(refused(anna, 'user.deleted', {}, tom)).toBe('Anna could not delete user Tom')
  expect(refused(anna, 'mfa.reset', {}, tom)).toBe('Anna could not reset the second factors of Tom')
  expect(refused(anna, 'of.tomorrow', {}, tom)).toBe('Anna was refused: of.tomorrow Tom')
})

test('what strangers are refused is told as what they tried, and how often', () => {
  const stranger = { kind: 'anonymous' }
  expect(refused(stranger, 'access.refused', { operation: 'session.signIn', times: 1 })).toBe('A sign-in was refused')
  expect(refused(stranger, 'access.refused', { operation: 'activation.complete', times: 7 })).toBe(
    'A link or code to activate was refused (7×)',
  )
  expect(refused(anna, 'access.refused', { operation: 'users.list' })).toBe('Anna asked for users.list and was refused')
})

test('the minute in which strangers were refused is a time, not a stamp', () => {
  const [told] = details({ detail: { minute: '2026-11-22T22:17:00Z' } } as unknown as ActivityRecord)
  expect(told?.value).toContain('2026')
  expect(told?.value).not.toContain('T22')
})
