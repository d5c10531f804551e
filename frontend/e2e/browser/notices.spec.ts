// What people are told about their own sign-in, in the app and by mail, and how
// somebody who forgot the password, or came too late, gets a new link.

import { expect, test, type Page } from '@playwright/test'
import { Gate } from '../lib/gate.ts'
import { Postbox } from '../lib/postbox.ts'
import { signIn } from '../lib/signin.ts'
import { Authenticator } from '../lib/totp.ts'
import { Visitor } from '../lib/visitor.ts'

const heading = (page: Page, name: string | RegExp) => page.getByRole('heading', { name, level: 1 })
const fresh = 'seven otters eat 43 fish'

/** withMail serves practice data at a Gate that mails to a postbox of the test. */
async function withMail(act: (gate: Gate, box: Postbox) => Promise<void>): Promise<void> {
  const box = await Postbox.open()
  const gate = await Gate.start(12)
  try {
    const mail = ['--host', '127.0.0.1', '--port', String(box.port), '--security', 'none']
    await gate.command('delivery', 'update-mail', ...mail, '--from', 'gate@harbour.example')
    await act(gate, box)
  } finally {
    expect(await gate.stop()).toBe('code 0')
    await box.close()
  }
}

/** follow opens the link in a mail, at the Gate of the test. */
async function follow(page: Page, gate: Gate, mail: string): Promise<void> {
  const token = /^https?:\/\/\S+\/#\/activate\?t=([\w-]{43})$/m.exec(mail)?.[1]
  expect(token, `a link in ${mail}`).toBeDefined()
  await page.goto(`${gate.url}/#/activate?t=${token}`)
}

test('a changed password is told at home, in the menu and by mail', async ({ browser }) => {
  test.setTimeout(240_000)
  await withMail(async (gate, box) => {
    const who = (await gate.ways()).find((way) => way.authenticatorKey)!
    const app = new Authenticator(who.authenticatorKey!)
    const visitor = await signIn(browser, gate, who, app)
    const { page } = visitor
    await page.goto(`${gate.url}/#/profile/notices`)
    await expect(heading(page, 'Notices')).toBeVisible()
    await visitor.look('notices-before')

    await page.goto(`${gate.url}/#/profile/password`)
    await page.getByRole('textbox', { name: 'Current password' }).fill(who.password)
    await page.getByRole('textbox', { name: 'New password' }).fill(fresh)
    await page.getByRole('button', { name: 'Change password' }).click()
    await expect(heading(page, 'Profile')).toBeVisible({ timeout: 30_000 })
    const mail = await box.mail(/Your password was changed/)
    expect(mail).toContain('somebody signed in as you')
    expect(mail).toContain('127.0.0.1')

    await page.goto(`${gate.url}/#/home`)
    await expect(page.getByText(/done to your sign-in/)).toBeVisible()
    await visitor.look('notices-home')
    const menu = page.getByRole('button', { name: /^Profile/ })
    await menu.click()
    await page.getByRole('menuitem', { name: /^Notices \(\d+\)$/ }).click()
    const row = page.getByRole('listitem').filter({ hasText: 'Your password was changed' })
    await expect(row.getByText('new', { exact: true })).toBeVisible()
    await visitor.look('notices-list')

    await page.goto(`${gate.url}/#/settings`)
    await page.getByLabel('Language').selectOption('de')
    await page.goto(`${gate.url}/#/profile/notices`)
    await expect(page.getByText('Ihr Passwort wurde geändert.', { exact: false })).toBeVisible()
    await visitor.look('notices-list-de')
    const german = page.getByRole('listitem').filter({ hasText: 'Ihr Passwort wurde geändert' })
    await german.getByRole('button', { name: /^Als gelesen markieren/ }).click()
    await expect(german.getByText('neu', { exact: true })).toBeHidden()
    await visitor.leave()
  })
})

test('a forgotten password, from the sign-in to the mail and back', async ({ browser }) => {
  test.setTimeout(240_000)
  await withMail(async (gate, box) => {
    const who = (await gate.ways()).find((way) => way.authenticatorKey)!
    const visitor = await Visitor.arrive(browser, gate.url)
    const { page } = visitor
    await page.getByText('Forgotten password?').click()
    await visitor.look('forgotten-help')
    await page.getByRole('link', { name: 'Have a link to a new password mailed to you' }).click()
    await expect(page.getByLabel('Login')).toBeFocused()
    await page.keyboard.press('Enter')
    await expect(page.getByText('This is required.')).toBeVisible()
    await visitor.look('forgotten')
    await page.getByLabel('Login').fill('<img src=x onerror=alert(1)>')
    await page.getByRole('button', { name: 'Send me a link' }).click()
    await expect(heading(page, 'Look into your mailbox')).toBeVisible()
    const strange = await page.getByRole('main').innerText()

    await page.reload()
    await page.getByLabel('Login').fill(who.login)
    await page.keyboard.press('Enter')
    await expect(heading(page, 'Look into your mailbox')).toBeVisible()
    expect(await page.getByRole('main').innerText(), 'nothing tells the two apart').toBe(strange)
    await visitor.look('forgotten-asked')

    const mail = await box.mail(/new password/)
    await follow(page, gate, mail)
    await page.getByRole('textbox', { name: 'Password' }).fill(fresh)
    await page.getByRole('button', { name: 'Set password' }).click()
    await expect(page.getByText('Your password is set.')).toBeVisible({ timeout: 30_000 })
    await box.mail(/A new password was chosen for you/)

    await follow(page, gate, mail)
    await expect(heading(page, 'This link or code no longer works')).toBeVisible()
    await visitor.look('activation-dead')
    visitor.forgetRefusals()
    await page.getByRole('button', { name: 'Send me a new one' }).click()
    await expect(page.getByText(/^If it has only expired/)).toBeVisible()
    await visitor.look('activation-resent')
    await visitor.leave()
    const second = await signIn(browser, gate, { ...who, password: fresh })
    await expect(second.page.getByText(/done to your sign-in/)).toBeVisible()
    await second.leave()
  })
})

test('without mail nobody is sent to wait for one', async ({ browser }) => {
  const gate = await Gate.start(12)
  try {
    const visitor = await Visitor.arrive(browser, gate.url)
    const { page } = visitor
    await page.getByText('Forgotten password?').click()
    await expect(page.getByText(/An administrator of your account can issue/)).toBeVisible()
    await expect(page.getByRole('link', { name: /mailed to you/ })).toBeHidden()
    await page.goto(`${gate.url}/#/forgotten`)
    await expect(page.getByRole('button', { name: 'Send me a link' })).toBeHidden()
    await expect(page.getByText(/the operator of this installation issues/)).toBeVisible()
    await visitor.look('forgotten-without-mail')
    await visitor.leave()
  } finally {
    expect(await gate.stop()).toBe('code 0')
  }
})
