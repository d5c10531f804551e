import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { flushSync, mount, unmount } from 'svelte'
import { speak } from '../../testing/words'
import type { User } from './list.svelte'
import StatusChip from './StatusChip.svelte'

beforeEach(async () => {
  await speak('en')
  vi.useFakeTimers({ now: new Date('2026-11-23T12:00:00Z') })
})
afterEach(() => vi.useRealTimers())

const until = (expiresOn: string, expired = false) => ({
  service: { owner: { id: 'usr_1', name: 'Anna' }, expiresOn, expired, purpose: '' },
})

test.each<[string, Partial<User>, string, string]>([
  ['a person', {}, 'Active', 'Active'],
  ['a program that lives long', until('2026-12-24'), 'Active', 'Active'],
  ['a program that ends in a month', until('2026-12-23'), '30 days left', 'Expires in 30 days'],
  ['tomorrow', until('2026-11-24'), '1 day left', 'Expires in 1 day'],
  ['today', until('2026-11-23'), 'Last day', 'Expires today'],
  ['a program that ended', until('2026-11-22', true), 'Expired', 'Expired'],
  [
    'one that ended and is deactivated',
    { ...until('2026-11-22', true), status: 'deactivated' },
    'Deactivated',
    'Deactivated',
  ],
])('%s', (_, more, short, long) => {
  const user = { status: 'active', service: null, ...more } as User
  for (const [wide, words] of [
    [false, short],
    [true, long],
  ] as const) {
    const chip = mount(StatusChip, { target: document.body, props: { user, long: wide } })
    flushSync()
    expect(document.body.textContent.trim()).toBe(words)
    void unmount(chip)
  }
})
