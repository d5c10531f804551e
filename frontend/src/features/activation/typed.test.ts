import { expect, test } from 'vitest'
import { couldOpen, secretOf } from './typed'

const token = 'LkvUPjTaE1lNpRGylDVqcBbqLxDLvHidsdDjFUSKqU8'

test.each([
  ['4RGQ-B3GT-4EDG-F63N-NRMHJ', true],
  [' 4rgq b3gt 4edg f63n nrmhj ', true],
  ['4RGQB3GT4EDGF63NNRMHJ', true],
  [token, true],
  [`https://gate.example/#/activate?t=${token}`, true],
  ['4RGQ-B3GT-4EDG-F63N', false],
  ['4RGQ-B3GT-4EDG-F63N-NRMHJ7', false],
  [token.slice(1), false],
  ['https://gate.example/#/activate', false],
  ['123456', false],
  ['', false],
])('%j could open something: %s', (typed, could) => {
  expect(couldOpen(secretOf(typed))).toBe(could)
})

test('of a whole link the token counts, of a code the code', () => {
  expect(secretOf(` https://gate.example/#/activate?t=${token}\n`)).toBe(token)
  expect(secretOf(' 4RGQ-B3GT ')).toBe('4RGQ-B3GT')
})
