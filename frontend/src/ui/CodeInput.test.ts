import { flushSync, mount, unmount } from 'svelte'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { speak } from '../testing/words'
import CodeInput from './CodeInput.svelte'

const completed = vi.fn<(code: string) => void>()
let component: Record<string, unknown>

const box = () => document.querySelector('input') as HTMLInputElement
function type(text: string) {
  box().value = text
  box().dispatchEvent(new Event('input', { bubbles: true }))
  flushSync()
}

beforeEach(async () => {
  await speak('en')
  completed.mockReset()
  component = mount(CodeInput, {
    target: document.body,
    props: { label: 'Six-digit code', value: '', oncomplete: completed },
  })
  flushSync()
})
afterEach(() => unmount(component))

test('is one labelled box that phones and password managers can fill', () => {
  expect(document.querySelector('label')?.htmlFor).toBe(box().id)
  expect(box().autocomplete).toBe('one-time-code')
  expect(box().inputMode).toBe('numeric')
})

test.each([
  ['123456', '123456'],
  ['123 456', '123456'],
  ['  Your code: 123-456.', '123456'],
  ['１２３４５６', '123456'],
  ['1234567890', '123456'],
])('takes the paste %j', (pasted, code) => {
  type(pasted)
  expect(box().value).toBe(code)
  expect(completed).toHaveBeenCalledExactlyOnceWith(code)
})

test('waits for the sixth digit and drops what is none', () => {
  type('12a3')
  expect(box().value).toBe('123')
  expect(completed).not.toHaveBeenCalled()
})

test('the same six digits are handed on once, changed ones again', () => {
  type('123456')
  type('123456')
  expect(completed).toHaveBeenCalledTimes(1)
  type('12345')
  type('123457')
  expect(completed).toHaveBeenCalledTimes(2)
})
