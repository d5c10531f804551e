// The admin user prints break-glass codes, loses everything, and comes in with
// two of them.

import { expect, test, type Page } from '@playwright/test'
import { Gate } from '../lib/gate.ts'
import { picturePath } from '../lib/place.ts'
import { signIn } from '../lib/signin.ts'
import { Visitor } from '../lib/visitor.ts'

const names = ['Bo <b>Maes</b>', '', 'Carla Claes']

test('codes on paper let the admin user in, once', async ({ browser }) => {
  test.setTimeout(300_000)
  const gate = await Gate.start(12)
  try {
    const [way] = await gate.ways()
    const anna = await signIn(browser, gate, way!)
    const { page } = anna
    await page.goto(`${gate.url}/#/settings/break-glass`)
    await expect(page.getByText('There are no break-glass codes.')).toBeVisible()
    await anna.look('glass-none')
    await page.getByRole('button', { name: 'Make break-glass codes' }).click()
    for (const [i, name] of names.entries()) await page.getByLabel(`Person ${i + 1}`).fill(name)
    await anna.look('glass-make')
    await page.getByRole('button', { name: 'Make the codes' }).click()
    const codes = await codesOf(page)
    expect(codes).toHaveLength(3)
    await page.getByRole('button', { name: 'Put them in force' }).click()
    await expect(page.getByText('Please print the sheets first')).toBeVisible()
    await anna.look('glass-sheets')
    await prints(page, codes)
    await page.getByLabel('I have printed or saved every sheet').check()
    await page.getByRole('button', { name: 'Put them in force' }).click()
    await expect(page.getByText('The break-glass codes are in force.')).toBeVisible()
    await expect(page.getByText('2 of 3 codes')).toBeVisible()
    await expect(page.getByText(names[0]!, { exact: true })).toBeVisible()
    await anna.look('glass-ready')
    await anna.leave()

    const lost = await Visitor.arrive(browser, gate.url)
    await password(lost.page, way!.login, way!.password)
    await lost.page.getByText('I have none of these').click()
    await lost.page.getByRole('button', { name: 'Break-glass codes' }).click()
    await expect(lost.page.getByLabel('Code 1')).toBeFocused()
    await lost.page.getByLabel('Code 1').fill(codes[0]!)
    await lost.page.getByLabel('Code 2').fill(codes[0]!)
    await lost.page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await expect(lost.page.getByText('This did not let you in.')).toBeVisible()
    await lost.look('glass-refused')
    await lost.page.getByLabel('Code 2').fill(codes[2]!.toLowerCase().replaceAll('-', ' '))
    await lost.page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await expect(lost.page.getByRole('button', { name: 'Activate authenticator app' })).toBeVisible()
    await lost.look('glass-inside')
    lost.forgetRefusals()
    await lost.leave()

    const again = await Visitor.arrive(browser, gate.url)
    await again.page.goto(`${gate.url}/#/break-glass`)
    await again.page.getByLabel('Login').fill(way!.login)
    await again.page.getByRole('textbox', { name: 'Password' }).fill(way!.password)
    await again.page.getByLabel('Code 1').fill(codes[0]!)
    await again.page.getByLabel('Code 2').fill(codes[1]!)
    await again.look('glass-entry')
    await again.page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await expect(again.page.getByText('This did not let you in.')).toBeVisible()
    again.forgetRefusals()
    await again.leave()
    const told = await gate.command('activity', 'list', '--event', 'breakGlass.used', '--json')
    expect(told).toContain('password+break_glass')
    expect(await gate.command('audit', 'verify')).toContain('intact')
  } finally {
    expect(await gate.stop()).toBe('code 0')
  }
})

const codesOf = (page: Page) =>
  page
    .getByText(/^(?:[0-9A-Z]{4}-){4}[0-9A-Z]{5}$/)
    .and(page.locator('span'))
    .allInnerTexts()

/** prints looks at the paper: a page for each person, each with one code, and nothing of the screen. */
async function prints(page: Page, codes: string[]): Promise<void> {
  await page.emulateMedia({ media: 'print' })
  const sheets = page.locator('.print-pages section')
  await expect(sheets).toHaveCount(codes.length)
  await expect(page.getByRole('navigation')).toBeHidden()
  for (const [i, code] of codes.entries()) {
    await expect(sheets.nth(i).locator('pre')).toHaveText(code)
    for (const other of codes.filter((one) => one !== code))
      await expect(sheets.nth(i)).not.toContainText(other)
  }
  await expect(sheets.first()).toContainText(names[0]!)
  await expect(sheets.first()).toContainText('any 2 of the 3 sheets')
  await page.screenshot({ path: picturePath('glass-paper'), fullPage: true })
  const pdf = await page.pdf({ format: 'A4' })
  expect(pdf.toString('latin1').match(/\/Type\s*\/Page\b/g)).toHaveLength(codes.length)
  await page.emulateMedia({ media: null })
}

async function password(page: Page, login: string, text: string): Promise<void> {
  await page.getByLabel('Login').fill(login)
  await page.getByRole('textbox', { name: 'Password' }).fill(text)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await expect(page.getByLabel('Six-digit code')).toBeVisible()
}
