import { expect, test } from 'vitest'
import { changes } from './changes'

const before = { name: 'Anna Peeters', mobile: '+32 470 12 34 56' }

test('only what changed is sent, and what was emptied is', () => {
  expect(changes(before, { name: 'Anna Peeters', mobile: '' })).toEqual({ mobile: '' })
  expect(changes(before, { ...before })).toEqual({})
})
