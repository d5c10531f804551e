import { beforeEach, expect, test } from 'vitest'
import type { Output } from '../../api/client'
import { speak } from '../../testing/words'
import { message, sheet } from './handOver'

const added = (link: string | undefined) =>
  ({
    user: { name: 'Tom Willems', login: 'tom' },
    activation: {
      link,
      code: 'ABCD-EFGH',
      expiresAt: '2026-05-05T09:00:00Z',
      codeExpiresAt: '2026-05-18T09:00:00Z',
    },
  }) as Output<'users.add'>
const link = 'https://gate.example/#/activate?t=token'

beforeEach(() => speak('en'))

test('the message holds the link and not the code that lasts two weeks', () => {
  const text = message(added(link), 'Harbour Registry')
  expect(text).toContain(link)
  expect(text).not.toContain('ABCD-EFGH')
})

test('without a link the code is all there is to send', () => {
  expect(message(added(undefined), 'Harbour Registry')).toContain('Activation code: ABCD-EFGH')
})

test('the printed sheet holds the code and not the link', () => {
  const printed = JSON.stringify(sheet(added(link), 'Harbour Registry'))
  expect(printed).toContain('ABCD-EFGH')
  expect(printed).not.toContain('token')
})
