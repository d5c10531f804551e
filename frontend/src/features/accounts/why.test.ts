import { beforeEach, expect, test } from 'vitest'
import { speak } from '../../testing/words'
import { why } from './why'

beforeEach(() => speak('en'))

const refused = (
  act: Parameters<typeof why>[0]['act'],
  code: Parameters<typeof why>[0]['code'],
  detail = 'So it says.',
) => why({ act, allowed: false, ...(code ? { code } : {}), detail })

test('what is allowed has no reason against it', () => {
  expect(why({ act: 'close', allowed: true })).toBeUndefined()
})

test.each([
  ['suspend', 'operator_account', /never suspended or closed/],
  ['close', 'operator_account', /never suspended or closed/],
  ['handOverAdmin', 'operator_account', /command line/],
  ['reissueAdmin', 'operator_account', /command line/],
  ['update', 'operator_account', /MANAGE_ACCOUNT/],
  ['handOverAdmin', 'forbidden', /RESET_ADMIN_MFA/],
  ['handOverAdmin', 'conflict', /Reopen the account first/],
  ['reissueAdmin', 'conflict', /Reopen the account first/],
  ['update', 'outranked', /^So it says\.$/],
  ['suspend', 'conflict', /^So it says\.$/],
] as const)('%s, %s', (act, code, said) => {
  expect(refused(act, code)).toMatch(said)
})

test('where the server says nothing, the code has words', () => {
  expect(refused('suspend', 'forbidden', '')).toBe(
    'Your permissions do not allow this. Your administrator can change that.',
  )
  expect(refused('suspend', undefined, '')).toMatch(/permissions/)
})
