// The first slice in the real window: set up by hand, and a practice registrar
// in which somebody signs in and adds a colleague. Keys and clicks are real.

import { expect, test } from '@playwright/test'
import { Desk } from '../lib/desk.ts'
import { binaries, type Home } from '../lib/place.ts'
import { run } from '../lib/program.ts'
import { Authenticator } from '../lib/totp.ts'
import type { Way } from '../lib/gate.ts'

test.setTimeout(180_000)

test('somebody sets up at the Desk', async () => {
  const desk = await Desk.open({ binary: binaries.desk })
  try {
    await desk.see('Welcome to Gatehouse')
    expect(await desk.faults()).toEqual([])
    await desk.picture('desk-setup-welcome')
    await desk.click(await control(desk, 'button', 'Start'))
    await desk.fill(await field(desk, 'Name of the organisation'), 'Hafen Domänen')
    await desk.fill(await field(desk, 'Handle'), 'hafen')
    await desk.fill(await field(desk, 'Official e-mail address'), 'office@hafen.example')
    await desk.click(await control(desk, 'button', 'Next'))
    await desk.fill(await field(desk, 'Name'), 'Jürgen Groß')
    await desk.fill(await field(desk, 'E-mail address'), 'juergen@hafen.example')
    await desk.fill(await field(desk, 'Login'), 'juergen')
    await desk.fill(await field(desk, 'Password'), 'seven purple otters sing')
    await desk.picture('desk-setup-you')
    await desk.click(await control(desk, 'button', 'Next'))
    await desk.see('Save your recovery codes')
    expect(await desk.faults()).toEqual([])
    await desk.click(await field(desk, 'I have saved them'))
    await desk.click(await control(desk, 'button', 'Next'))
    await desk.picture('desk-setup-scan')
    await desk.click(await control(desk, 'button', 'Unable to scan'))
    await desk.see(/(?:[A-Z2-7]{4} ){7}[A-Z2-7]{4}/)
    const key = /(?:[A-Z2-7]{4} ){7}[A-Z2-7]{4}/.exec((await desk.text('body')) ?? '')?.[0] ?? ''
    await desk.click(await field(desk, 'Six-digit code'))
    await desk.display.type(await new Authenticator(key).code())
    await desk.click(await control(desk, 'button', 'Go to Gatehouse'))
    await desk.see('Jürgen')
    expect(await desk.faults()).toEqual([])
    await desk.picture('desk-home')
    expect(desk.complaints).toEqual([])
  } finally {
    expect(await desk.close()).toBe('code 0')
  }
})

for (const theme of ['light', 'dark'] as const) {
  test(`a practice registrar at the Desk, ${theme}`, async () => {
    let ways: Way[] = []
    const desk = await Desk.open({
      binary: binaries.desk,
      theme,
      before: async (home) => (ways = await practice(home)),
    })
    try {
      const anna = ways[0]
      if (!anna) throw new Error('nobody to sign in as')
      await desk.see('Sign in')
      await desk.fill(await field(desk, 'Login'), anna.login)
      await desk.fill(await field(desk, 'Password'), anna.password)
      await desk.press('Return')
      await desk.see('Six-digit code')
      await desk.display.type(await new Authenticator(anna.authenticatorKey ?? '').code())
      await desk.see('Users')
      await desk.click(await control(desk, 'nav a', 'Users'))
      await desk.see('Anna Peeters', 'main')
      expect(await desk.faults()).toEqual([])
      await desk.picture(`desk-users-${theme}`)
      await desk.click(await control(desk, 'button', 'Add user'))
      await desk.fill(await field(desk, 'Login'), 'bo.brandt')
      await desk.fill(await field(desk, 'Name'), 'Bo Brandt')
      await desk.fill(await field(desk, 'E-mail address'), 'bo@harbour.example')
      await desk.click(await field(desk, 'Support'))
      expect(await desk.faults()).toEqual([])
      await desk.picture(`desk-add-user-${theme}`)
      await desk.click(await control(desk, 'button', 'Create'))
      await desk.see('Activation code')
      expect(await desk.faults()).toEqual([])
      expect(desk.complaints).toEqual([])
    } catch (error) {
      await desk.picture(`desk-${theme}-when-it-failed`)
      throw error
    } finally {
      expect(await desk.close()).toBe('code 0')
    }
  })
}

/** practice fills the database where a Desk of this home looks for it. */
async function practice(home: Home): Promise<Way[]> {
  return (JSON.parse(await run(binaries.gate, ['demo', '--json'], home.env())) as { ways: Way[] }).ways
}

/** control is a selector for the visible element of a kind that shows exactly this text. */
async function control(desk: Desk, kind: string, text: string): Promise<string> {
  return mark(desk, kind, text, false)
}

/** field is a selector for the visible field whose label begins with this text. */
async function field(desk: Desk, label: string): Promise<string> {
  return mark(desk, 'input, select, textarea', label, true)
}

let marks = 0

/** mark gives the element an attribute of its own to be found by. Dialogs come last in the page, and first here. */
async function mark(desk: Desk, kind: string, text: string, byLabel: boolean): Promise<string> {
  const name = `m${++marks}`
  const deadline = performance.now() + 20_000
  for (;;) {
    const found = await desk.evaluate(
      (kind, text, byLabel, name) => {
        const said = (element: HTMLElement) =>
          byLabel
            ? [...((element as HTMLInputElement).labels ?? [])].map((label) => label.innerText)
            : [element.innerText]
        const elements = [...document.querySelectorAll<HTMLElement>(kind)].filter(
          (element) =>
            element.checkVisibility() &&
            said(element).some((words) => words.replace(/[\s*]+$/, '').trim() === text),
        )
        const element = elements.at(-1)
        element?.setAttribute('data-mark', name)
        return element !== undefined
      },
      kind,
      text,
      byLabel,
      name,
    )
    if (found) return `[data-mark="${name}"]`
    if (performance.now() > deadline)
      throw new Error(`there is no ${kind} that says "${text}": ${await desk.text('body')}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
