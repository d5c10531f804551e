import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { keyListener } from './keys'
import { offer, setSingleKeys } from './registry.svelte'

const goUsers = vi.fn()
const add = vi.fn()
let withdraw: () => void
let clock = 0
let listen: (event: KeyboardEvent) => void

const press = (key: string, more: KeyboardEventInit = {}, target: HTMLElement = document.body) => {
  target.addEventListener('keydown', listen, { once: true })
  target.dispatchEvent(new KeyboardEvent('keydown', { key, cancelable: true, ...more }))
}

beforeEach(() => {
  goUsers.mockReset()
  add.mockReset()
  clock = 0
  listen = keyListener(() => clock)
  setSingleKeys(true)
  withdraw = offer([
    { id: 'go', group: 'go', label: () => 'Users', keys: 'g u', run: goUsers },
    { id: 'add', group: 'do', label: () => 'Add', keys: 'n', run: add },
  ])
})
afterEach(() => {
  withdraw()
  document.body.replaceChildren()
})

test('two keys after one another', () => {
  press('g')
  press('u')
  expect(goUsers).toHaveBeenCalledOnce()
})

test('two keys too far apart do nothing', () => {
  press('g')
  clock = 5_000
  press('u')
  expect(goUsers).not.toHaveBeenCalled()
})

test('no single key while typing, with a modifier, in a dialog, or switched off', () => {
  press('n', {}, document.body.appendChild(document.createElement('input')))
  press('n', { ctrlKey: true })
  const dialog = document.body.appendChild(document.createElement('dialog'))
  dialog.setAttribute('open', '')
  press('n')
  dialog.remove()
  setSingleKeys(false)
  press('n')
  expect(add).not.toHaveBeenCalled()
  setSingleKeys(true)
  press('n')
  expect(add).toHaveBeenCalledOnce()
})
