// The first hour: set up an empty installation, sign out, sign in again, add a
// colleague, and find all of it in the activity.

import { readFile } from 'node:fs/promises'
import { expect } from '@playwright/test'
import type { Desk } from '../lib/desk.ts'
import { find } from '../lib/find.ts'
import { Authenticator } from '../lib/totp.ts'
import { until } from '../lib/wait.ts'
import { look } from './look.ts'

const next = { css: 'button', text: 'Next' }

/** The person who sets up, as this walk makes her. */
export const anna = {
  login: 'anna',
  password: 'seven quiet herons over the lock',
}

/** The colleague she adds, whose name has letters beyond ASCII. */
export const colleague = { name: 'Jürgen Groß', login: 'juergen', email: 'juergen@harbour.example' }

/** setUp goes through the whole set-up and ends signed in. It returns her authenticator app and recovery codes. */
export async function setUp(desk: Desk): Promise<{ app: Authenticator; recoveryCodes: string[] }> {
  await desk.see('Welcome to Gatehouse', 'h1')
  await look(desk, 'setup-1-welcome')
  await desk.click({ css: 'button', text: 'Start' })

  await desk.fill('[name=accountName]', 'Harbour Registry')
  await desk.fill('[name=accountHandle]', 'harbour')
  await desk.fill('[name=accountEmail]', 'office@harbour.example')
  await look(desk, 'setup-2-organisation')
  await desk.click(next)

  await desk.fill('[name=name]', 'Anna Peeters')
  await desk.fill('[name=email]', 'anna@harbour.example')
  await desk.fill('[name=login]', anna.login)
  await desk.fill('[name=password]', anna.password)
  await look(desk, 'setup-3-you')
  await desk.click(next)

  await desk.see('Save your recovery codes', 'h1')
  const shown = (await desk.text('main, body')) ?? ''
  const recoveryCodes = shown.split('\n').filter((line) => /^[0-9A-Z]{4}(-[0-9A-Z]{4}){3}$/.test(line.trim()))
  expect(recoveryCodes, 'recovery codes on the screen').toHaveLength(10)
  await saveCodes(desk, recoveryCodes)
  await desk.click(next)
  await desk.see('Copy, save or print them first')
  await desk.click('input[type=checkbox]')
  await look(desk, 'setup-4-recovery-codes')
  await desk.click(next)

  await desk.see('Connect your authenticator app', 'h1')
  await look(desk, 'setup-5-app')
  await desk.click({ css: 'button', text: 'Unable to scan' })
  const key = await until(
    'the key to type over',
    async () => /^[A-Z2-7]{4}( [A-Z2-7]{4})+$/m.exec((await desk.text('body')) ?? '')?.[0],
  )
  const app = new Authenticator(key)
  await look(desk, 'setup-6-app-by-desk')
  // The sixth digit sends the form.
  await desk.click('[name=code]')
  await desk.write('000000')
  await desk.see('This code is not right. Check that it is the newest one.', 'form')
  await desk.press('ctrl+a')
  await desk.write(await app.code())
  await desk.see('Your gatehouse is open', 'h1')
  await look(desk, 'setup-7-done')
  await desk.click({ css: 'button', text: 'Go to Gatehouse' })
  await desk.see('Home', 'nav')
  return { app, recoveryCodes }
}

/** saveCodes presses "Save" and cancels, then saves the codes for good. */
async function saveCodes(desk: Desk, codes: string[]): Promise<void> {
  await desk.click({ css: 'button', text: 'Save' })
  const cancelled = await desk.dialog()
  await desk.press('Escape')
  await desk.backFromDialog(cancelled)
  await desk.click({ css: 'button', text: 'Save' })
  const dialog = await desk.dialog()
  const path = desk.home.in('documents', 'codes.txt')
  await desk.press('ctrl+a')
  await desk.write(path)
  await desk.press('Return')
  await desk.backFromDialog(dialog)
  await desk.see('Saved', { css: 'button', text: 'Saved' })
  const kept = await readFile(path, 'utf8')
  for (const code of codes) expect(kept).toContain(code.trim())
}

/** signIn goes from the sign-in page to home. */
export async function signIn(
  desk: Desk,
  who: { login: string; password: string },
  app: Authenticator | undefined,
): Promise<void> {
  await desk.fill('[name=login]', who.login)
  await desk.fill('[name=password]', who.password)
  await desk.press('Return')
  if (app !== undefined) {
    await until('the question for a code', () => desk.evaluate(() => find('[name=code]') !== undefined))
    await desk.write(await app.code())
  }
  await desk.see('Home', 'nav')
}

/** signOut ends at the sign-in page. */
export async function signOut(desk: Desk): Promise<void> {
  await desk.click({ css: 'header button', text: 'Profile' })
  await desk.click({ css: '[role=menuitem]', text: 'Sign out' })
  await until('the sign-in page', () => desk.evaluate(() => find('[name=login]') !== undefined))
}

/** addColleague adds a user and returns the activation code that is shown. */
export async function addColleague(desk: Desk): Promise<string> {
  await desk.click({ css: 'nav a', text: 'Users' })
  await desk.see('Anna Peeters', 'main')
  await look(desk, 'users-one')
  await desk.click({ css: 'main button, main a', text: 'Add user' })
  await desk.fill('dialog [name=name]', colleague.name)
  await look(desk, 'users-add')
  await desk.click({ css: 'dialog button', text: 'Create' })
  await desk.see('3 fields need your attention.', 'dialog')
  await look(desk, 'users-add-faults')
  await desk.fill('dialog [name=login]', colleague.login)
  await desk.fill('dialog [name=email]', colleague.email)
  await desk.click('dialog [name=roles]')
  await desk.click({ css: 'dialog button', text: 'Create' })
  await desk.see(`${colleague.name} can now be let in`, 'dialog')
  await look(desk, 'users-added')
  const code = /[0-9A-Z]{4}(?:-[0-9A-Z]{1,5}){3,}/.exec((await desk.text('dialog')) ?? '')?.[0]
  expect(code, 'an activation code').toBeDefined()
  await desk.press('Escape')
  await desk.click({ css: 'dialog button', text: 'Close anyway' })
  return code!
}
