// find is given to functions that run in the page (lib/find.ts).
import { find } from '../lib/find.ts'
// The first hour: set up an empty installation, sign out, sign in again, add a
// colleague, and find all of it in the activity.

import { expect } from '@playwright/test'
import type { Hand } from '../lib/hand.ts'
import { Authenticator } from '../lib/totp.ts'
import { until } from '../lib/wait.ts'
import { look } from './look.ts'

const next = { css: 'button', text: 'Next' }

/** The person who sets up, as this walk makes her. */
export const anna = {
  login: 'anna',
  password: 'seven quiet herons over the lock',
}

/** setUp goes through the whole set-up and ends signed in. It returns her authenticator app and recovery codes. */
export async function setUp(
  hand: Hand,
  setupCode: string | undefined,
): Promise<{ app: Authenticator; recoveryCodes: string[] }> {
  await hand.see('Welcome to Gatehouse', 'h1')
  if (setupCode !== undefined) await hand.fill('[name=setupCode]', setupCode)
  await look(hand, 'setup-1-welcome')
  await hand.click({ css: 'button', text: 'Start' })

  await hand.fill('[name=accountName]', 'Harbour Registry')
  await hand.fill('[name=accountHandle]', 'harbour')
  await hand.fill('[name=accountEmail]', 'office@harbour.example')
  await look(hand, 'setup-2-organisation')
  await hand.click(next)

  await hand.fill('[name=name]', 'Anna Peeters')
  await hand.fill('[name=email]', 'anna@harbour.example')
  await hand.fill('[name=login]', anna.login)
  await hand.fill('[name=password]', anna.password)
  await look(hand, 'setup-3-you')
  await hand.click(next)

  await hand.see('Save your recovery codes', 'h1')
  const shown = (await hand.text('main, body')) ?? ''
  const recoveryCodes = shown.split('\n').filter((line) => /^[0-9A-Z]{4}(-[0-9A-Z]{4}){3}$/.test(line.trim()))
  expect(recoveryCodes, 'recovery codes on the screen').toHaveLength(10)
  await hand.click(next)
  await hand.see('Copy, save or print them first')
  await hand.click('input[type=checkbox]')
  await look(hand, 'setup-4-recovery-codes')
  await hand.click(next)

  await hand.see('Connect your authenticator app', 'h1')
  await look(hand, 'setup-5-app')
  await hand.click({ css: 'button', text: 'Unable to scan' })
  const key = await until(
    'the key to type over',
    async () => /^[A-Z2-7]{4}( [A-Z2-7]{4})+$/m.exec((await hand.text('body')) ?? '')?.[0],
  )
  const app = new Authenticator(key)
  await look(hand, 'setup-6-app-by-hand')
  // The sixth digit sends the form.
  await hand.click('[name=code]')
  await hand.write('000000')
  await hand.see(/code is (wrong|not)|not the code|does not/i, 'form')
  await hand.press('ctrl+a')
  await hand.write(await app.code())
  await hand.see('Your gatehouse is open', 'h1')
  await look(hand, 'setup-7-done')
  await hand.click({ css: 'button', text: 'Go to Gatehouse' })
  await hand.see('Home', 'nav')
  return { app, recoveryCodes }
}

/** signIn goes from the sign-in page to home. */
export async function signIn(
  hand: Hand,
  who: { login: string; password: string },
  app: Authenticator | undefined,
): Promise<void> {
  await hand.fill('[name=login]', who.login)
  await hand.fill('[name=password]', who.password)
  await hand.press('Return')
  if (app !== undefined) {
    await until('the question for a code', () => hand.evaluate(() => find('[name=code]') !== undefined))
    await hand.write(await app.code())
  }
  await hand.see(/\w/, 'nav')
}

/** signOut ends at the sign-in page. */
export async function signOut(hand: Hand): Promise<void> {
  await hand.click({ css: 'header button', text: 'Profile' })
  await hand.click({ css: '[role=menuitem]', text: 'Sign out' })
  await until('the sign-in page', () => hand.evaluate(() => find('[name=login]') !== undefined))
}

/** addColleague adds a user and returns the activation code that is shown. */
export async function addColleague(hand: Hand): Promise<string> {
  await hand.click({ css: 'nav a', text: 'Users' })
  await hand.see('Anna Peeters', 'main')
  await look(hand, 'users-one')
  await hand.click({ css: 'main button, main a', text: 'Add user' })
  await hand.fill('dialog [name=name]', 'Tom Willems')
  await look(hand, 'users-add')
  await hand.click({ css: 'dialog button', text: 'Create' })
  await hand.see(/need your attention/, 'dialog')
  await look(hand, 'users-add-faults')
  await hand.fill('dialog [name=login]', 'tom')
  await hand.fill('dialog [name=email]', 'tom@harbour.example')
  await hand.click('dialog [name=roles]')
  await hand.click({ css: 'dialog button', text: 'Create' })
  await hand.see('Tom Willems can now be let in', 'dialog')
  await look(hand, 'users-added')
  const code = /[0-9A-Z]{4}(?:-[0-9A-Z]{1,5}){3,}/.exec((await hand.text('dialog')) ?? '')?.[0]
  expect(code, 'an activation code').toBeDefined()
  await hand.press('Escape')
  return code!
}
