import { flushSync, mount, unmount } from 'svelte'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { call, setTransport, type Operation } from '../../api/client'
import { Problem } from '../../api/problem'
import { speak } from '../../testing/words'
import { sessionWith } from '../../testing/server'
import { enter, refreshInstallation } from './session.svelte'
import StepUpDialog from './StepUpDialog.svelte'

let proven = false
let proofs: unknown[] = []
let dialog: ReturnType<typeof mount>

/** Anna, who can prove herself in these ways; the code 123456 and the password `right` are hers. */
async function arrive(...stepUpMethods: string[]) {
  await speak('en')
  await enter({ ...sessionWith(), stepUpMethods } as ReturnType<typeof sessionWith>)
  setTransport({
    async send(operation, input) {
      if (operation === 'installation.show') return { securityKeys: { works: true, site: location.hostname } }
      if (operation === 'session.beginStepUp') return { ceremony: 'c', options: { challenge: 'AA' } }
      if (operation === ('session.stepUp' as Operation)) {
        proofs.push(input)
        if (input['code'] && input['code'] !== '123456') throw new Problem({ code: 'code_wrong' })
        if (input['password'] && input['password'] !== 'right') throw new Problem({ code: 'password_wrong' })
        proven = true
        return {}
      }
      if (!proven) throw new Problem({ code: 'step_up_required' })
      return { operation }
    },
  })
  dialog = mount(StepUpDialog, { target: document.body })
  flushSync()
}

beforeEach(() => {
  proven = false
  proofs = []
})
afterEach(() => unmount(dialog))

const shown = () => document.querySelector('dialog[open]')
const field = (name: string) => document.querySelector<HTMLInputElement>(`dialog [name=${name}]`)
function press(text: string) {
  const buttons = [...document.querySelectorAll<HTMLButtonElement>('dialog button')]
  buttons.find((button) => button.textContent?.trim() === text)?.click()
  flushSync()
}
function type(name: string, text: string) {
  const input = field(name)
  if (!input) throw new Error(`no field ${name}`)
  input.value = text
  input.dispatchEvent(new Event('input', { bubbles: true }))
  flushSync()
}
const submit = () => document.querySelector<HTMLFormElement>('dialog form')?.requestSubmit()

test('a code is asked for, a wrong one is told, and the right one lets the call through', async () => {
  await arrive('authenticator_app', 'recovery_code')
  const done = call('profile.show')
  await expect.poll(shown).not.toBeNull()
  type('code', '000000')
  await expect.poll(() => shown()?.textContent).toContain('This code is not right')
  type('code', '123456')
  expect(await done).toEqual({ operation: 'profile.show' })
  expect(proofs).toEqual([{ code: '000000' }, { code: '123456' }])
  await expect.poll(shown).toBeNull()
})

test('a recovery code goes together with the password', async () => {
  await arrive('authenticator_app', 'recovery_code')
  const done = call('profile.show')
  await expect.poll(shown).not.toBeNull()
  press('Use a recovery code instead')
  type('password', 'right')
  type('recoveryCode', 'ABCD-EFGH')
  submit()
  await done
  expect(proofs).toEqual([{ password: 'right', recoveryCode: 'ABCD-EFGH' }])
})

test('the password alone, where that is the way', async () => {
  await arrive('password')
  const done = call('profile.show')
  await expect.poll(shown).not.toBeNull()
  expect(field('code')).toBeNull()
  type('password', 'wrong')
  submit()
  await expect.poll(() => shown()?.textContent).toContain('This password is not right.')
  type('password', 'right')
  submit()
  await done
})

test('cancelling refuses the call', async () => {
  await arrive('password')
  const done = call('profile.show')
  await expect.poll(shown).not.toBeNull()
  press('Cancel')
  await expect(done).rejects.toMatchObject({ code: 'step_up_required' })
  expect(shown()).toBeNull()
})

test('a security key, where there is one; the codes stay a click away', async () => {
  vi.stubGlobal('PublicKeyCredential', vi.fn())
  const answer = {
    id: 'aWQ',
    rawId: new Uint8Array([1]).buffer,
    type: 'public-key',
    toJSON: () => ({ id: 'aWQ', response: { signature: 'cw' } }),
  }
  const credentials = { get: vi.fn(() => Promise.resolve(answer)), create: vi.fn() }
  Object.defineProperty(navigator, 'credentials', { configurable: true, value: credentials })
  await arrive('authenticator_app', 'security_key', 'recovery_code')
  await refreshInstallation()
  const done = call('profile.show')
  expect(await done).toEqual({ operation: 'profile.show' })
  expect(proofs).toEqual([{ ceremony: 'c', credential: { id: 'aWQ', response: { signature: 'cw' } } }])
  await expect.poll(shown).toBeNull()

  proven = false
  credentials.get.mockReturnValue(new Promise(() => undefined))
  const again = call('profile.show')
  await expect.poll(() => shown()?.textContent).toContain('Tap your security key')
  press('Use the authenticator app instead')
  type('code', '123456')
  expect(await again).toEqual({ operation: 'profile.show' })
  vi.unstubAllGlobals()
})
