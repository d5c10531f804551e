// Programs of an account: somebody answers for each, each has a last day, and nobody signs in as one.

import { expect, test, type Page } from '@playwright/test'
import { Gate } from '../lib/gate.ts'
import { signIn } from '../lib/signin.ts'
import type { Visitor } from '../lib/visitor.ts'

const dialog = (page: Page) => page.getByRole('dialog')
const lastDay = (page: Page) => dialog(page).locator('input[type=date]')
const inDays = (n: number) => new Date(Date.now() + n * 86_400_000).toISOString().slice(0, 10)
const program = 'Billing <b>job</b>'

test('an administrator adds a program, hands it over and ends it', async ({ browser }) => {
  test.setTimeout(240_000)
  const gate = await Gate.start(12)
  try {
    const [operator] = await gate.ways()
    const anna = await signIn(browser, gate, operator!)
    await findsNone(anna)
    await isToldWhatIsWrong(anna)
    await choosesOwner(anna)
    await adds(anna)
    await looksAtIt(anna)
    await keepsOwner(anna)
    await handsOver(anna)
    await changesIt(anna)
    await inGerman(anna)
    await deletesIt(anna)
    await anna.leave()
    expect(await gate.command('audit', 'verify')).toContain('intact')
  } finally {
    expect(await gate.stop()).toBe('code 0')
  }
})

test('whoever may not manage users adds no program', async ({ browser }) => {
  const gate = await Gate.start(6)
  try {
    const [, colleague] = await gate.ways()
    const tom = await signIn(browser, gate, colleague!)
    await tom.page.goto(`${gate.url}/#/users?add=service`)
    await expect(tom.page.getByRole('table').getByText('Anna Peeters')).toBeVisible()
    await expect(tom.page.getByRole('button', { name: 'Add service user' })).toHaveCount(0)
    await expect(dialog(tom.page)).toHaveCount(0)
    tom.forgetRefusals()
    await tom.leave()
  } finally {
    expect(await gate.stop()).toBe('code 0')
  }
})

async function findsNone(anna: Visitor): Promise<void> {
  const { page } = anna
  await page.getByRole('link', { name: 'Users', exact: true }).click()
  await page.getByLabel('Kind:').selectOption('service')
  await expect(page.getByRole('heading', { name: 'No service users yet' })).toBeVisible()
  expect(page.url()).toContain('kind=service')
  await anna.look('service-none')
  await page.getByRole('button', { name: 'Add service user' }).last().click()
  await expect(dialog(page).getByRole('textbox', { name: 'Name', exact: true })).toBeFocused()
  await expect(dialog(page).getByRole('combobox', { name: 'Owner' })).toHaveValue('Anna Peeters')
  await expect(dialog(page).getByLabel('Finance', { exact: true })).toBeVisible()
  await anna.look('service-add')
}

/** isToldWhatIsWrong: all of it at once, and nothing is added. */
async function isToldWhatIsWrong(anna: Visitor): Promise<void> {
  const { page } = anna
  await lastDay(page).fill(inDays(-1))
  await dialog(page).getByLabel('Owner').fill('')
  await dialog(page).getByRole('button', { name: 'Create' }).click()
  await expect(dialog(page).getByText('5 fields need your attention.')).toBeVisible()
  await expect(dialog(page).getByText('This day is over.')).toBeVisible()
  await anna.look('service-add-wrong')
  await lastDay(page).fill(inDays(1000))
  await dialog(page).getByRole('button', { name: 'Create' }).click()
  await expect(dialog(page).getByText('Two years ahead at most. It can be moved later.')).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(page.getByRole('heading', { name: 'Discard your changes?' })).toBeVisible()
  await page.getByRole('button', { name: 'Keep editing' }).click()
}

/** choosesOwner finds somebody by typing; what is typed and not chosen is nobody. */
async function choosesOwner(anna: Visitor): Promise<void> {
  const { page } = anna
  const owner = dialog(page).getByRole('combobox', { name: 'Owner' })
  await owner.fill('nobody at all')
  await expect(dialog(page).getByText('No other active person fits.')).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(owner).toHaveValue('')
  await owner.pressSequentially('tom')
  await expect(dialog(page).getByRole('option', { name: /^Tom Willems/ })).toBeVisible()
  await owner.scrollIntoViewIfNeeded()
  await anna.look('service-add-owner')
  await page.keyboard.press('Enter')
  await expect(owner).toHaveValue('Tom Willems')
  await owner.pressSequentially(' and a slip')
  await dialog(page).getByLabel('Purpose').click()
  await expect(owner, 'the choice stays').toHaveValue('Tom Willems')
}

async function adds(anna: Visitor): Promise<void> {
  const { page } = anna
  await dialog(page).getByRole('textbox', { name: 'Name', exact: true }).fill(program)
  await dialog(page).getByLabel('Login').fill('ANNA')
  await dialog(page).getByLabel('Purpose').fill('Renews what is <i>paid</i>.')
  await dialog(page).getByRole('button', { name: '30 days' }).click()
  await expect(lastDay(page)).toHaveValue(inDays(30))
  await dialog(page).getByLabel('Finance', { exact: true }).check()
  await dialog(page).locator('summary', { hasText: 'Ways in' }).click()
  await expect(dialog(page).getByLabel('WEB')).toHaveCount(0)
  await dialog(page).getByLabel('Address or range').fill('192.0.2.0/24')
  await dialog(page).getByLabel('Address or range').scrollIntoViewIfNeeded()
  await anna.look('service-add-ways')
  await dialog(page).getByRole('button', { name: 'Create' }).click()
  await expect(dialog(page).getByLabel('Login')).toHaveAttribute('aria-invalid', 'true')
  anna.forgetRefusals()
  await dialog(page).getByLabel('Login').fill('billing')
  await dialog(page).getByRole('button', { name: 'Create' }).click()
  await expect(dialog(page)).toHaveCount(0)
  await expect(page.getByRole('table').getByText(program)).toBeVisible()
  await expect(page.getByRole('table').getByText('30 days left')).toBeVisible()
  await anna.look('service-list')
  await page.getByRole('button', { name: `More about ${program}` }).click()
  await expect(page.getByRole('menuitem', { name: 'Deactivate' })).toBeVisible()
  for (const none of ['Issue a new link', 'End all sessions', 'Reset 2-factor authentication'])
    await expect(page.getByRole('menuitem', { name: none })).toHaveCount(0)
  await page.keyboard.press('Escape')
}

async function looksAtIt(anna: Visitor): Promise<void> {
  const { page } = anna
  await page.getByRole('table').getByText(program).click()
  await page.getByRole('link', { name: 'Open the user' }).click()
  await expect(page.getByRole('heading', { name: program, level: 1 })).toBeVisible()
  await expect(page.getByText('Expires in 30 days')).toBeVisible()
  await expect(page.getByText('Renews what is <i>paid</i>.')).toBeVisible()
  await expect(page.getByText('API, ISPROXY')).toBeVisible()
  for (const none of ['Sessions', '2-factor authentication'])
    await expect(page.getByRole('heading', { name: none })).toHaveCount(0)
  await expect(page.getByText(/One moment|Loading/)).toHaveCount(0)
  await anna.look('service-detail')
}

/** keepsOwner: nobody leaves a program behind that nobody answers for. */
async function keepsOwner(anna: Visitor): Promise<void> {
  const { page } = anna
  await page.getByRole('link', { name: 'Users', exact: true }).click()
  await page.getByRole('searchbox').fill('Tom Willems')
  await page.getByRole('button', { name: 'More about Tom Willems' }).click()
  await page.getByRole('menuitem', { name: 'Deactivate' }).click()
  const messages = page.getByRole('region', { name: 'Messages' })
  await expect(messages.getByText('This user is the owner of service users.')).toBeVisible()
  await anna.look('service-owner-refused')
  await messages.getByRole('button', { name: 'Show service users' }).click()
  anna.forgetRefusals()
  await expect(page.getByRole('heading', { name: 'Tom Willems', level: 1 })).toBeVisible()
  await expect(page.getByRole('link', { name: program })).toBeVisible()
  const deactivate = page.getByRole('button', { name: 'Deactivate', exact: true })
  await expect(deactivate).toHaveAttribute('aria-disabled', 'true')
  await page.getByRole('heading', { name: 'Service users' }).scrollIntoViewIfNeeded()
  await anna.look('service-owner')
}

async function handsOver(anna: Visitor): Promise<void> {
  const { page } = anna
  await page.getByRole('button', { name: 'Hand over service users' }).first().click()
  const owner = dialog(page).getByRole('combobox', { name: 'Owner' })
  await expect(owner).toBeFocused()
  await dialog(page).getByRole('button', { name: 'Hand over service users' }).click()
  await expect(owner).toHaveAttribute('aria-invalid', 'true')
  await owner.fill('Tom Willems')
  await expect(dialog(page).getByText('No other active person fits.')).toBeVisible()
  await owner.fill('anna')
  await expect(dialog(page).getByRole('option')).toHaveCount(1)
  await anna.look('service-hand-over')
  await dialog(page)
    .getByRole('option', { name: /Anna Peeters/ })
    .click()
  await dialog(page).getByRole('button', { name: 'Hand over service users' }).click()
  await expect(page.getByText('1 service user has a new owner.')).toBeVisible()
  await expect(page.getByRole('heading', { name: 'Service users' })).toHaveCount(0)
  await page.getByRole('button', { name: 'Deactivate', exact: true }).click()
  await expect(page.getByText('Tom Willems was deactivated.')).toBeVisible()
}

async function changesIt(anna: Visitor): Promise<void> {
  const { page } = anna
  await page.getByRole('link', { name: 'Users', exact: true }).click()
  await page.getByLabel('Kind:').selectOption('service')
  await page.getByRole('button', { name: `Edit ${program}` }).click()
  await expect(dialog(page).getByText('Cannot be changed: the activity')).toBeVisible()
  await expect(dialog(page).getByRole('combobox', { name: 'Owner' })).toHaveValue('Anna Peeters')
  // Whoever was deactivated answers for nothing.
  await dialog(page).getByRole('combobox', { name: 'Owner' }).fill('tom')
  await expect(dialog(page).getByText('No other active person fits.')).toBeVisible()
  await page.keyboard.press('Escape')
  await lastDay(page).fill(inDays(-3))
  await dialog(page).getByRole('button', { name: 'Save changes' }).click()
  await expect(dialog(page).getByText('This day is over.')).toBeVisible()
  await lastDay(page).fill(inDays(0))
  await anna.look('service-edit')
  await dialog(page).getByRole('button', { name: 'Save changes' }).click()
  await expect(dialog(page)).toHaveCount(0)
  await expect(page.getByRole('table').getByText('Last day')).toBeVisible()
}

async function inGerman(anna: Visitor): Promise<void> {
  const { page } = anna
  const speak = async (language: string) => {
    await page.evaluate((value) => localStorage.setItem('gatehouse.language', value), language)
    await page.reload()
  }
  await speak('de')
  await expect(page.getByRole('table').getByText('Letzter Tag')).toBeVisible()
  await anna.look('service-list-de')
  await page.getByRole('button', { name: 'Dienstbenutzer hinzufügen' }).click()
  await expect(dialog(page).getByLabel('Finance', { exact: true })).toBeVisible()
  await anna.look('service-add-de')
  await page.keyboard.press('Escape')
  await page.getByRole('table').getByText(program).click()
  await page.getByRole('link', { name: 'Benutzer öffnen' }).click()
  await expect(page.getByText('Läuft heute ab')).toBeVisible()
  await expect(page.getByText(/Einen Moment|geladen/)).toHaveCount(0)
  await anna.look('service-detail-de')
  await page.getByRole('link', { name: 'Anna Peeters' }).click()
  await page.getByRole('heading', { name: 'Dienstbenutzer' }).scrollIntoViewIfNeeded()
  await anna.look('service-owner-de')
  await page.getByRole('button', { name: 'Dienstbenutzer übergeben' }).last().click()
  await anna.look('service-hand-over-de')
  await page.keyboard.press('Escape')
  await page.getByRole('link', { name: program }).click()
  await speak('en')
}

async function deletesIt(anna: Visitor): Promise<void> {
  const { page } = anna
  await page.getByRole('button', { name: 'Delete', exact: true }).click()
  await expect(dialog(page).getByText('The program can do nothing any more, at once.')).toBeVisible()
  await anna.look('service-delete')
  await dialog(page).getByLabel('Type billing to confirm').fill('billing')
  await dialog(page).getByRole('button', { name: 'Delete', exact: true }).click()
  await expect(page.getByRole('heading', { name: `${program} was deleted.` })).toBeVisible()
}
