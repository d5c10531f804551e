import { describe, expect, test } from 'vitest'
import { beginsWith } from './policy'

const today = '2026-11-22'
const days = (mfaRequiredFrom = '', mfaRequiredAfter = '2020-04-30') => ({ mfaRequiredAfter, mfaRequiredFrom })

describe('what an account begins with', () => {
  test.each([
    ['today, when no day is given', '', days(), 'required'],
    ['the last day of the old ones', '2020-04-30', days(), 'recommended'],
    ['the first day of the new ones', '2020-05-01', days(), 'required'],
    ['another line of the installation, on it', '2024-12-31', days('', '2024-12-31'), 'recommended'],
    ['another line of the installation, after it', '2025-01-01', days('', '2024-12-31'), 'required'],
    ['today, where the line lies ahead', '', days('', '2027-01-01'), 'recommended'],
    ['an old one, a day ahead', '2017-03-06', days('2026-11-23'), 'coming'],
    ['an old one, the day has come', '2017-03-06', days('2026-11-22'), 'everywhere'],
    ['a new one needs no day', '2021-03-06', days('2026-11-23'), 'required'],
    ['the days are not known', '2021-03-06', undefined, 'unknown'],
  ] as const)('%s', (_, openedAt, known, expected) => {
    expect(beginsWith(openedAt, known, today)).toBe(expected)
  })
})
