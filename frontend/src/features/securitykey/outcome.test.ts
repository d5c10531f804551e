import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { browserFailures, failureOfNative, nativeFailures, outcomeOf } from './outcome'
import { KeyError } from './way'

const source = (path: string) => readFileSync(`../internal/securitykey/${path}`, 'utf8')
const codes = (text: string, type: string) =>
  [...text.matchAll(new RegExp(`^\\t\\w+\\s+${type} = "(\\w+)"`, 'gm'))].map(([, code]) => code ?? '')

test('knows every code of the Desk’s own client', () => {
  const known = codes(source('native/error.go'), 'Code')
  expect(known.length).toBeGreaterThan(15)
  expect(Object.keys(nativeFailures).toSorted()).toEqual(known.toSorted())
})

test('knows every failure of the page in the browser', () => {
  const known = [...codes(source('handoff/handoff.go'), 'Failure'), 'timed_out']
  expect(Object.keys(browserFailures).toSorted()).toEqual(known.toSorted())
})

test.each([
  [{ failure: 'pin_wrong', tries: 3 }, 'pin_wrong', 3],
  [{ failure: 'pin_locked' }, 'pin_blocked_until_replugged', 0],
  [{ failure: 'constructor' }, 'failed', 0],
  [{}, 'failed', 0],
])('%o', (outcome, failure, tries) => {
  expect(() => outcomeOf(outcome, failureOfNative)).toThrow(new KeyError(failure as never, tries))
  try {
    outcomeOf(outcome, failureOfNative)
  } catch (thrown) {
    expect((thrown as KeyError).tries).toBe(tries)
  }
})

test('passes an answer on', () => {
  expect(outcomeOf({ answer: { id: 'AAAA' } }, failureOfNative)).toEqual({ id: 'AAAA' })
})
