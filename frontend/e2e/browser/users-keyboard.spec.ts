// Users are added, changed and deleted without a mouse.

import { expect, test, type Page } from '@playwright/test'
import { Gate } from '../lib/gate.ts'
import { signIn } from '../lib/signin.ts'

test('the keyboard alone will do', async ({ browser }) => {
  test.setTimeout(120_000)
  const gate = await Gate.start(12)
  try {
    const [operator] = await gate.ways()
    const anna = await signIn(browser, gate, operator!)
    const { page } = anna
    await page.keyboard.press('g')
    await page.keyboard.press('u')
    await expect(page.getByText('12 users', { exact: true })).toBeVisible()

    await page.keyboard.press('n')
    await expect(page.getByRole('textbox', { name: 'Name', exact: true })).toBeFocused()
    await page.keyboard.type('Zita Zonder')
    await tabTo(page, 'textbox', 'Login')
    await page.keyboard.type('zita')
    await tabTo(page, 'textbox', 'E-mail address')
    await page.keyboard.type('zita@harbour.example')
    await tabTo(page, 'checkbox', 'Tech')
    await page.keyboard.press('Space')
    await page.keyboard.press('Enter')
    await expect(page.getByRole('heading', { name: 'Zita Zonder can now be let in' })).toBeVisible()
    await tabTo(page, 'button', 'Copy as message')
    await page.keyboard.press('Enter')
    await tabTo(page, 'button', 'Done')
    await page.keyboard.press('Enter')
    await expect(page.getByText('13 users', { exact: true })).toBeVisible()

    await page.keyboard.press('/')
    await expect(page.getByRole('searchbox')).toBeFocused()
    await page.keyboard.type('zita')
    await expect(page.getByText('1 user', { exact: true })).toBeVisible()
    await tabTo(page, 'button', 'Edit Zita Zonder')
    await page.keyboard.press('Enter')
    await tabTo(page, 'textbox', 'Name')
    await page.keyboard.press('Control+A')
    await page.keyboard.type('Zita Zonneveld')
    await page.keyboard.press('Enter')
    await expect(page.getByText('Changes to Zita Zonneveld were saved.')).toBeVisible()
    await expect(page.getByRole('table').getByText('Zita Zonneveld', { exact: true })).toBeVisible()
    await expect(page.getByRole('button', { name: 'Edit Zita Zonneveld' }), 'the place is kept').toBeFocused()

    await tabTo(page, 'button', 'More about Zita Zonneveld')
    await page.keyboard.press('Enter')
    await page.keyboard.press('End')
    await expect(page.getByRole('menuitem', { name: 'Deactivate' })).toBeFocused()
    await page.keyboard.press('Enter')
    await expect(page.getByRole('table').getByText('Deactivated')).toBeVisible()
    await tabTo(page, 'button', 'Undo')
    await page.keyboard.press('Enter')
    await expect(page.getByRole('table').getByText('Invited')).toBeVisible()

    await page.keyboard.press('/')
    await tabTo(page, 'button', 'Delete Zita Zonneveld')
    await page.keyboard.press('Enter')
    await expect(page.getByLabel('Type zita to confirm')).toBeFocused()
    await page.keyboard.type('zita')
    await page.keyboard.press('Enter')
    await expect(page.getByText('Zita Zonneveld was deleted.')).toBeVisible()
    await expect(page.getByRole('heading', { name: 'No user matches' })).toBeVisible()
    await anna.leave()
  } finally {
    expect(await gate.stop()).toBe('code 0')
  }
})

/** tabTo presses Tab until the control has the focus. */
async function tabTo(page: Page, role: 'button' | 'textbox' | 'checkbox', name: string): Promise<void> {
  const wanted = page.getByRole(role, { name, exact: true })
  await expect(wanted).toBeVisible()
  for (let i = 0; i < 60; i++) {
    if (await wanted.evaluate((element) => element === document.activeElement)) return
    await page.keyboard.press('Tab')
  }
  throw new Error(`no way to ${name} by Tab`)
}
