import { flushSync, mount, unmount } from 'svelte'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { Problem } from '../../api/problem'
import { speak } from '../../testing/words'
import Tap from './Tap.svelte'
import { KeyError, type KeyAnswer, type KeyFailure, type KeyStep, type KeyWay } from './way'

/** A way that does as the test says. */
class Steered implements KeyWay {
  tell: (step: KeyStep) => void = () => undefined
  answer: (answer: KeyAnswer) => void = () => undefined
  fail: (failure: KeyFailure, tries?: number) => void = () => undefined
  begun = 0
  signal: AbortSignal | undefined
  constructor(readonly name: KeyWay['name'] = 'native') {}
  create: KeyWay['create'] = async (ask, tell, signal) => {
    this.begun++
    this.tell = tell
    this.signal = signal
    await ask()
    return new Promise((resolve, reject) => {
      this.answer = resolve
      this.fail = (failure, tries) => reject(new KeyError(failure, tries))
    })
  }
  get = this.create
}

let tap: ReturnType<typeof mount> | undefined
let way: Steered
const ask = vi.fn<() => Promise<Record<string, unknown>>>()
const answer = vi.fn<(given: KeyAnswer) => Promise<void>>()

beforeEach(async () => {
  await speak('en')
  way = new Steered()
  ask.mockReset().mockResolvedValue({})
  answer.mockReset().mockResolvedValue()
})
afterEach(() => {
  if (tap) void unmount(tap)
  tap = undefined
  document.body.replaceChildren()
})

async function show(ways: readonly KeyWay[] = [way], kind: 'create' | 'get' = 'get') {
  tap = mount(Tap, { target: document.body, props: { kind, ask, answer, ways } })
  await vi.waitFor(() => expect(ask).toHaveBeenCalled())
  await Promise.resolve()
}
const said = () => document.querySelector('[role=status]')?.textContent ?? ''
const buttons = () => [...document.querySelectorAll('button')].map((button) => button.textContent.trim())
const press = (name: string) => {
  const button = [...document.querySelectorAll('button')].find((one) => one.textContent.includes(name))
  if (!button) throw new Error(`no ${name} among ${buttons().join(', ')}`)
  button.click()
  flushSync()
}
function tell(step: KeyStep) {
  way.tell(step)
  flushSync()
}

test.each<[KeyStep, string]>([
  [{ at: 'system' }, 'Tap your security key'],
  [{ at: 'plug_in' }, 'Insert your security key'],
  [{ at: 'choose' }, 'Touch the key you mean'],
  [{ at: 'touch', again: false }, 'Touch your key now'],
  [{ at: 'touch', again: true }, 'Please touch it once more'],
])('a step is led through: %o', async (step, words) => {
  await show()
  tell(step)
  expect(said()).toContain(words)
})

test('the PIN goes to the key, and stays nowhere', async () => {
  await show()
  const enter = vi.fn()
  tell({ at: 'pin', tries: 8, wrong: false, unfit: false, enter })
  const input = () => document.querySelector('input') as HTMLInputElement
  expect([input().type, document.activeElement === input()]).toEqual(['password', true])
  expect(document.body.textContent).toContain('8 tries are left')
  const type = (pin: string) => {
    input().value = pin
    input().dispatchEvent(new Event('input', { bubbles: true }))
    document.querySelector('form')?.requestSubmit()
  }
  type('')
  await vi.waitFor(() => expect(input().getAttribute('aria-invalid')).toBe('true'))
  expect(enter).not.toHaveBeenCalled()
  type('1234')
  await vi.waitFor(() => expect(enter).toHaveBeenCalledExactlyOnceWith('1234'))
  await vi.waitFor(() => expect(input().value).toBe(''))
  tell({ at: 'pin', tries: 1, wrong: true, unfit: false, enter })
  expect(document.body.textContent).toContain('This PIN is not right.')
  expect(document.body.textContent).toContain('One try is left')
  tell({ at: 'pin', tries: 1, wrong: false, unfit: true, enter })
  expect(document.body.textContent).toContain('at least 4 characters')
})

test('a key of several people asks whom', async () => {
  await show()
  const pick = vi.fn()
  const accounts = [
    { name: 'anna', displayName: 'Anna Peeters' },
    { name: '<img src=x onerror=alert(1)>', displayName: '' },
  ]
  tell({ at: 'account', accounts, pick })
  expect(document.querySelector('img')).toBeNull()
  press('<img')
  expect(pick).toHaveBeenCalledExactlyOnceWith(1)
})

test('the address of a page in the browser is shown', async () => {
  await show()
  tell({ at: 'browser', address: 'http://wails.localhost:4711/#t' })
  expect(document.body.textContent).toContain('http://wails.localhost:4711/#t')
  expect(buttons().some((name) => name.startsWith('Copy'))).toBe(true)
})

test('the answer goes to the server, once', async () => {
  await show()
  way.answer({ id: 'x' })
  await vi.waitFor(() => expect(said()).toContain('Your key was accepted'))
  expect(answer).toHaveBeenCalledExactlyOnceWith({ id: 'x' })
  expect(buttons()).toEqual([])
})

describe('failures', () => {
  test.each<KeyFailure>([
    'no_key',
    'not_permitted',
    'not_registered',
    'registered_already',
    'pin_needed',
    'pin_wrong',
    'pin_blocked_until_replugged',
    'pin_blocked',
    'timed_out',
    'cancelled',
    'unplugged',
    'certificate',
    'not_here',
    'failed',
  ])('%s has a sentence of its own, and another try', async (failure) => {
    await show()
    way.fail(failure, failure === 'pin_wrong' ? 3 : 0)
    await vi.waitFor(() => expect(buttons()).toContain('Try again'))
    const [title, text] = [...document.querySelectorAll('[role=status] p')].map((p) => p.textContent)
    expect(title).toBeTruthy()
    expect(text).toBeTruthy()
    press('Try again')
    await vi.waitFor(() => expect(way.begun).toBe(2))
  })

  test('what the server refuses is said, and can be tried again', async () => {
    answer.mockRejectedValue(new Problem({ code: 'security_key_copied' }))
    await show()
    way.answer({})
    await vi.waitFor(() => expect(document.body.textContent).toContain('it may have been copied'))
    expect(buttons()).toContain('Try again')
  })

  test('what the server will not ask is said', async () => {
    ask.mockRejectedValue(new Problem({ code: 'security_key_unavailable' }))
    await show()
    await vi.waitFor(() => expect(document.body.textContent).toContain('No security key works here'))
  })
})

test('cancelling stops the way, and an answer that comes late counts for nothing', async () => {
  await show()
  press('Cancel')
  expect(way.signal?.aborted).toBe(true)
  expect(said()).toContain('No key was used')
  way.answer({})
  await Promise.resolve()
  way.tell({ at: 'plug_in' })
  flushSync()
  expect(said()).toContain('No key was used')
  expect(answer).not.toHaveBeenCalled()
})

test('leaving stops the way', async () => {
  await show()
  if (tap) await unmount(tap)
  tap = undefined
  expect(way.signal?.aborted).toBe(true)
})

test('another way is a click away; one that is not here makes room by itself', async () => {
  const browser = new Steered('browser')
  await show([way, browser])
  press('Use my browser instead')
  await vi.waitFor(() => expect(browser.begun).toBe(1))
  expect(way.signal?.aborted).toBe(true)
  press('Use the USB port')
  await vi.waitFor(() => expect(way.begun).toBe(2))
  await Promise.resolve()
  way.fail('not_here')
  await vi.waitFor(() => expect(browser.begun).toBe(2))
  expect(buttons()).toEqual(['Cancel'])
})
