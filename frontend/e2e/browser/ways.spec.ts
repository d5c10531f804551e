// By which ways and from where a user may come: the editor of IP rules, and what becomes of who is shut out.

import { expect, test, type Page } from '@playwright/test'
import { Gate } from '../lib/gate.ts'
import { picturePath } from '../lib/place.ts'
import { signIn } from '../lib/signin.ts'
import { Authenticator } from '../lib/totp.ts'
import type { Visitor } from '../lib/visitor.ts'

test('an administrator says from where people come', async ({ browser }) => {
  test.setTimeout(180_000)
  const gate = await Gate.start(10)
  try {
    const [operator, colleague] = await gate.ways()
    const anna = await signIn(browser, gate, operator!)
    const tom = await signIn(browser, gate, colleague!, new Authenticator(colleague!.authenticatorKey!))
    await openEditor(anna.page, 'Tom Willems')
    await writesRules(anna)
    await readsThem(anna)
    await isTurnedOut(tom)
    await doesNotLockHerselfOut(anna)
    await anna.leave()
    expect(await gate.command('audit', 'verify')).toContain('intact')
  } finally {
    expect(await gate.stop()).toBe('code 0')
  }
})

const dialog = (page: Page) => page.getByRole('dialog')

async function openEditor(page: Page, name: string): Promise<void> {
  await page.getByRole('navigation').getByRole('link', { name: 'Users', exact: true }).click()
  await page.getByRole('searchbox').fill(name)
  await expect(page.getByText('1 user', { exact: true })).toBeVisible()
  await page.getByRole('button', { name: `Edit ${name}` }).click()
  await expect(dialog(page).getByRole('checkbox', { name: 'Finance' })).toBeVisible()
  await dialog(page).getByText('Ways in').click()
}

async function writesRules(anna: Visitor): Promise<void> {
  const { page } = anna
  const field = dialog(page).getByLabel('Address or range')
  await dialog(page).getByRole('checkbox', { name: 'ISPROXY' }).uncheck()
  await field.fill('<b>010.0.0.1</b>')
  await field.press('Enter')
  await expect(dialog(page).getByText('neither an address nor a range')).toBeVisible()
  await field.fill('192.0.2.7/24')
  await dialog(page).getByRole('button', { name: 'Add', exact: true }).click()
  await expect(dialog(page).getByText('not the first of this range')).toBeVisible()
  await field.scrollIntoViewIfNeeded()
  await anna.look('ways-editor-wrong')
  await dialog(page).getByRole('button', { name: 'Take 192.0.2.0/24' }).click()
  await expect(dialog(page).getByText('256 addresses')).toBeVisible()
  await expect(field).toHaveValue('')
  await field.fill('2001:DB8:0::/48')
  await field.press('Enter')
  await expect(dialog(page).getByText('65,536 networks (/64)')).toBeVisible()
  await dialog(page).getByRole('button', { name: 'Add mine: 127.0.0.1' }).click()
  await expect(dialog(page).getByText('1 address', { exact: true })).toBeVisible()
  await dialog(page).getByRole('button', { name: 'Remove 127.0.0.1' }).click()
  await expect(field).toBeFocused()
  // What is asked is what stands there, before it is saved.
  await dialog(page).getByLabel('Test an address').fill('192.0.2.99')
  await dialog(page).getByLabel('Test an address').press('Enter')
  await expect(dialog(page).getByText('192.0.2.99 is allowed, by 192.0.2.0/24.')).toBeVisible()
  await expect(dialog(page).getByText('can reach: WEB')).toBeVisible()
  await anna.look('ways-editor')
  // Typed and not added, it counts as well.
  await field.fill('203.0.113.9')
  await expect(dialog(page).getByText('New IP rules end all sessions of Tom Willems.')).toBeVisible()
  await dialog(page).getByRole('button', { name: 'Save changes' }).click()
  await expect(page.getByText('Changes to Tom Willems were saved.')).toBeVisible()
}

/** inGerman keeps pictures of the user's page and of the editor in German. */
async function inGerman(page: Page): Promise<void> {
  const speak = async (language: string) => {
    await page.evaluate((value) => localStorage.setItem('gatehouse.language', value), language)
    await page.reload()
  }
  await speak('de')
  await page.getByText('Adresse prüfen').scrollIntoViewIfNeeded()
  await page.screenshot({ path: picturePath('ways-user-german'), animations: 'disabled' })
  await page.getByRole('button', { name: 'Bearbeiten', exact: true }).click()
  await dialog(page).getByLabel('Adresse oder Bereich').scrollIntoViewIfNeeded()
  await page.screenshot({ path: picturePath('ways-editor-german'), animations: 'disabled' })
  await speak('en')
}

async function readsThem(anna: Visitor): Promise<void> {
  const { page } = anna
  await page.getByRole('button', { name: /^Tom Willems/ }).click()
  await page.getByRole('link', { name: 'Open the user' }).click()
  const card = page.getByRole('main').locator('section', { hasText: 'Ways in' }).last()
  await expect(card.getByRole('listitem')).toHaveText(
    ['192.0.2.0/24 256 addresses', '203.0.113.9 1 address', '2001:db8::/48 65,536 networks (/64)'].map(
      (text) => new RegExp(text.replaceAll(/[./()]/g, '\\$&').replaceAll(' ', '\\s*')),
    ),
  )
  await card.getByLabel('Test an address').fill('127.0.0.1')
  await card.getByRole('button', { name: 'Test', exact: true }).click()
  await expect(card.getByText('127.0.0.1 is not allowed.')).toBeVisible()
  await card.getByLabel('Test an address').fill('192.0.2.0/24')
  await card.getByRole('button', { name: 'Test', exact: true }).click()
  await expect(card.getByText('neither an address nor a range')).toBeVisible()
  anna.forgetRefusals()
  await card.scrollIntoViewIfNeeded()
  await anna.look('ways-user')
  await inGerman(page)
}

/** isTurnedOut is what somebody sees whose place is not on the list any more. */
async function isTurnedOut(tom: Visitor): Promise<void> {
  const { page } = tom
  await page.getByRole('button', { name: /Profile/ }).click()
  await page.getByRole('menuitem', { name: 'Show profile' }).click()
  await expect(page.getByRole('button', { name: 'Sign in', exact: true })).toBeVisible()
  tom.forgetRefusals()
  await tom.leave()
}

async function doesNotLockHerselfOut(anna: Visitor): Promise<void> {
  const { page } = anna
  await openEditor(page, 'Anna Peeters')
  await expect(dialog(page).getByRole('checkbox', { name: 'WEB' })).toBeDisabled()
  await expect(dialog(page).getByText('Nobody changes their own rights.').first()).toBeVisible()
  await dialog(page).getByLabel('Address or range').fill('10.0.0.0/8')
  await expect(dialog(page).getByText('You are at 127.0.0.1')).toBeVisible()
  await dialog(page).getByText('You are at 127.0.0.1').scrollIntoViewIfNeeded()
  await anna.look('ways-lockout')
  await dialog(page).getByRole('button', { name: 'Save changes' }).click()
  await expect(dialog(page).getByText('This would lock you out: the IP rules must hold')).toBeVisible()
  anna.forgetRefusals()
  await dialog(page).getByRole('button', { name: 'Add mine: 127.0.0.1' }).click()
  await expect(dialog(page).getByText('You are at 127.0.0.1')).toBeHidden()
  await dialog(page).getByRole('button', { name: 'Save changes' }).click()
  await expect(page.getByText('Changes to Anna Peeters were saved.')).toBeVisible()
  // She is still there, and sees her own rules in her profile.
  await page.goto(`${new URL(page.url()).origin}/#/profile`)
  await expect(page.getByText('10.0.0.0/8')).toBeVisible()
  await page.getByText('10.0.0.0/8').scrollIntoViewIfNeeded()
  await anna.look('ways-profile')
}
