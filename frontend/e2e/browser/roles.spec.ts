// Roles: somebody makes one, fills it by keyboard, gives and takes rights of people who are signed in, and deletes it.

import { expect, test, type Page } from '@playwright/test'
import { Gate } from '../lib/gate.ts'
import { lapsed } from '../lib/proof.ts'
import { signIn } from '../lib/signin.ts'
import { Authenticator } from '../lib/totp.ts'
import type { Visitor } from '../lib/visitor.ts'
import { picturePath } from '../lib/place.ts'

const dialog = (page: Page) => page.getByRole('dialog')
const cell = (page: Page, permission: string, role: string) =>
  page.getByRole('checkbox', { name: new RegExp(`^${permission}, ${role}(, changed)?$`) })
const bar = (page: Page) => page.getByRole('region', { name: 'Not saved yet' })

test('an administrator makes a role, changes it by keyboard and deletes it', async ({ browser }) => {
  test.setTimeout(400_000)
  const gate = await Gate.start(30)
  try {
    const [operator, colleague] = await gate.ways()
    await gate.command(
      'roles',
      'create',
      '--name',
      'Registry desk',
      '--permissions',
      'VIEW_PROCESS,VIEW_USER,VIEW_ACTIVITY',
    )
    await gate.command('users', 'update', colleague!.login, '--roles', 'Registry desk')
    await gate.command(
      'settings',
      'update',
      '--support-email',
      'help@harbour.example',
      '--support-phone',
      '+32 2 123 45 67',
      '--support-hours',
      'Monday to Friday, 9 to 17',
    )
    const own = new Authenticator(operator!.authenticatorKey!)
    const anna = await signIn(browser, gate, operator!, own)
    const tom = await signIn(browser, gate, colleague!)
    await looks(anna)
    await creates(anna)
    await editsByKeyboard(anna, tom, own)
    await isGuarded(anna)
    await deletes(anna)
    await aColleagueReads(tom)
    await isStuck(anna)
    anna.forgetRefusals()
    await anna.leave()
    tom.forgetRefusals()
    await tom.leave()
    expect(await gate.command('audit', 'verify')).toContain('intact')
  } finally {
    expect(await gate.stop()).toBe('code 0')
  }
})

async function looks(anna: Visitor): Promise<void> {
  const { page } = anna
  await page.keyboard.press('g')
  await page.keyboard.press('r')
  await expect(page.getByRole('heading', { name: 'Roles', level: 1 })).toBeVisible()
  await expect(page.getByRole('grid')).toBeVisible()
  await anna.look('roles')
  // What is fixed says so, and does nothing.
  const fixed = cell(page, 'VIEW_DOMAIN', 'Admin')
  await expect(fixed).toHaveAttribute('aria-disabled', 'true')
  await fixed.focus()
  await page.keyboard.press('Space')
  await expect(fixed).toBeChecked()
  await expect(page.getByText('Admin: Built in: make a copy and change that.').last()).toBeVisible()
  await expect(bar(page)).toHaveCount(0)
  await page.getByRole('searchbox').fill('zzz')
  await expect(page.getByText('No permission matches')).toBeVisible()
  await page.getByRole('button', { name: 'Clear the search' }).click()
  const used = page.getByRole('button', { name: 'Delete Registry desk' })
  await expect(used).toHaveAttribute('aria-disabled', 'true')
  await expect(used).toHaveAccessibleDescription(/1 user has this role/)
}

async function creates(anna: Visitor): Promise<void> {
  const { page } = anna
  await page.getByRole('button', { name: 'Create role' }).click()
  await dialog(page).getByRole('button', { name: 'Create', exact: true }).click()
  await expect(dialog(page).getByText('This is required.')).toBeVisible()
  await dialog(page).getByLabel('Name').fill('TÉCH')
  await dialog(page).getByRole('button', { name: 'Create', exact: true }).click()
  await expect(dialog(page).getByText('This is already taken. Choose another.')).toBeVisible()
  await anna.look('roles-create')
  await dialog(page).getByLabel('Name').fill('<b>Night</b>')
  await dialog(page).getByLabel('Description').fill('"><img src=x onerror=alert(1)>')
  await dialog(page).getByLabel('Begin with').selectOption({ label: 'Copy of Finance' })
  await dialog(page).getByRole('button', { name: 'Create', exact: true }).click()
  await expect(page.getByRole('heading', { name: '<b>Night</b>' })).toBeVisible()
  await expect(page.getByText('"><img src=x onerror=alert(1)>')).toBeVisible()
  await page.getByRole('button', { name: 'Name and description of <b>Night</b>' }).click()
  await dialog(page).getByLabel('Name').fill('Night shift')
  await dialog(page).getByLabel('Description').fill('Answers at night.')
  await dialog(page).getByRole('button', { name: 'Save changes' }).click()
  await expect(page.getByRole('heading', { name: 'Night shift' })).toBeVisible()
}

async function editsByKeyboard(anna: Visitor, tom: Visitor, own: Authenticator): Promise<void> {
  const { page } = anna
  await tom.page.getByRole('navigation').getByRole('link', { name: 'Users', exact: true }).click()
  await expect(tom.page.getByRole('table')).toBeVisible()

  // From the search, Tab and the arrow keys are all that is needed.
  await page.getByRole('searchbox').fill('view user')
  const user = cell(page, 'VIEW_USER', 'Registry desk')
  await expect(user).toBeChecked()
  await page.getByRole('button', { name: 'Fold all', exact: true }).focus()
  await page.keyboard.press('Tab')
  await page.keyboard.press('Control+Home')
  await expect(page.getByRole('button', { name: /^Users/ })).toBeFocused()
  await page.keyboard.press('ArrowDown')
  for (let n = 0; n < 20 && !(await user.evaluate((one) => one === document.activeElement)); n++)
    await page.keyboard.press('ArrowRight')
  await expect(user).toBeFocused()
  await page.keyboard.press('Space')
  await expect(user).not.toBeChecked()
  await page.getByRole('searchbox').fill('')
  const renew = cell(page, 'RENEW_DOMAIN', 'Night shift')
  await renew.focus()
  await page.keyboard.press('Space')
  await expect(bar(page).getByText('−1')).toBeVisible()
  await expect(bar(page).getByText('affects 1 person')).toBeVisible()
  await expect(bar(page).getByText('affects nobody now')).toBeVisible()
  await expect(bar(page).getByText('RENEW_DOMAIN needs VIEW_DOMAIN too.')).toBeVisible()
  await bar(page).getByRole('button', { name: 'Add VIEW_DOMAIN, Night shift' }).click()
  await expect(cell(page, 'VIEW_DOMAIN', 'Night shift')).toBeChecked()
  await expect(bar(page).getByText('+2')).toBeVisible()
  await expect(bar(page).getByText('affects 1 person')).toBeVisible()
  await anna.look('roles-changed')
  await bar(page).getByRole('button', { name: 'See who' }).click()
  await expect(dialog(page).getByText('no longer: VIEW_USER')).toBeVisible()
  await anna.look('roles-who')
  await dialog(page).getByRole('button', { name: 'Close' }).last().click()

  await lapsed(page, '**/api/v1/roles/*')
  await bar(page).getByRole('button', { name: 'Save changes' }).click()
  await expect(dialog(page).getByRole('heading', { name: 'Please show that it is you' })).toBeVisible()
  await dialog(page)
    .getByLabel('Six-digit code')
    .pressSequentially(await own.code())
  await expect(page.getByText('2 roles were changed. It counts at once.')).toBeVisible()
  await expect(bar(page)).toHaveCount(0)

  // Whoever is signed in meanwhile cannot any more what they could a moment ago.
  await tom.page.getByRole('navigation').getByRole('link', { name: 'Home', exact: true }).click()
  await expect(tom.page.getByRole('heading', { level: 1 })).toBeVisible()
  await expect(
    tom.page.getByRole('navigation').getByRole('link', { name: 'Users', exact: true }),
  ).toHaveCount(0)
  await cell(page, 'VIEW_USER', 'Registry desk').click()
  await bar(page).getByRole('button', { name: 'Save changes' }).click()
  await expect(page.getByText('1 role was changed. It counts at once.')).toBeVisible()
}

async function isGuarded(anna: Visitor): Promise<void> {
  const { page } = anna
  await cell(page, 'VIEW_HOST', 'Night shift').click()
  await page.getByRole('navigation').getByRole('link', { name: 'Home', exact: true }).click()
  await expect(dialog(page).getByText('Leave this page?')).toBeVisible()
  await dialog(page).getByRole('button', { name: 'Stay here' }).click()
  await bar(page).getByRole('button', { name: 'Discard' }).click()
  await dialog(page).getByRole('button', { name: 'Discard' }).click()
  await expect(bar(page)).toHaveCount(0)
  await expect(cell(page, 'VIEW_HOST', 'Night shift')).not.toBeChecked()
}

async function deletes(anna: Visitor): Promise<void> {
  const { page } = anna
  await page.getByRole('button', { name: 'Delete Night shift' }).click()
  await anna.look('roles-delete')
  await dialog(page).getByRole('button', { name: 'Delete role' }).click()
  await expect(page.getByText('The role Night shift was deleted.')).toBeVisible()
  await expect(page.getByRole('heading', { name: 'Night shift' })).toHaveCount(0)
}

/** Who may look and not change is told why, on the spot; in German, and on a narrow page with one role at a time. */
async function aColleagueReads(tom: Visitor): Promise<void> {
  const { page } = tom
  await page.reload()
  await page.goto(page.url().replace(/#.*/, '#/roles'))
  await expect(page.getByRole('grid')).toBeVisible()
  await expect(page.getByRole('button', { name: 'Create role' })).toHaveCount(0)
  await expect(cell(page, 'VIEW_HOST', 'Tech')).toHaveAttribute('aria-disabled', 'true')
  await page.setViewportSize({ width: 320, height: 640 })
  await page.getByLabel('Role', { exact: true }).selectOption('Finance')
  await expect(cell(page, 'VIEW_HOST', 'Finance')).toBeVisible()
  await expect(cell(page, 'VIEW_HOST', 'Tech')).toHaveCount(0)
  await page.screenshot({ path: picturePath('roles-single') })
  await page.getByRole('grid').scrollIntoViewIfNeeded()
  await page.getByRole('checkbox', { name: 'Domains, Finance', exact: true }).focus()
  await page.screenshot({ path: picturePath('roles-single-grid') })
  await page.setViewportSize({ width: 1280, height: 800 })
  await page.getByRole('navigation').getByRole('link', { name: 'Settings', exact: true }).click()
  await page.getByLabel('Language').selectOption('de')
  await page.getByRole('navigation').getByRole('link', { name: 'Rollen', exact: true }).click()
  await expect(page.getByText('Schlägt nach und antwortet Kunden.')).toBeVisible()
  await tom.look('roles-de')
  await cell(page, 'VIEW_HOST', 'Tech').focus()
  await expect(page.getByText('Tech: Dafür braucht es die Berechtigung MANAGE_ROLE.')).toBeVisible()
  await tom.look('roles-grid-de')
}

/** Whoever is stuck is told whom to ask. */
async function isStuck(anna: Visitor): Promise<void> {
  const { page } = anna
  await page.getByRole('navigation').getByRole('link', { name: 'Settings', exact: true }).click()
  await expect(page.getByLabel('Opening hours')).toHaveValue('Monday to Friday, 9 to 17')
  await page.getByLabel('Opening hours').fill('Every day, 8 to 20')
  await page.getByLabel('Phone').fill('12')
  await page.getByRole('button', { name: 'Save contact' }).click()
  await expect(page.getByText('This does not look right. Check the spelling.')).toBeVisible()
  await page.getByLabel('Phone').fill('+32 2 123 45 67')
  await anna.look('settings-support')
  await page.getByRole('button', { name: 'Save contact' }).click()
  await expect(page.getByText('The support contact was saved.')).toBeVisible()
  await page.getByRole('button', { name: 'Profile' }).click()
  await page.getByRole('menuitem', { name: 'Sign out' }).click()
  await expect(page.getByText('Every day, 8 to 20')).toBeVisible()
  await expect(page.getByRole('link', { name: 'help@harbour.example' })).toBeVisible()
  await anna.look('sign-in-support')
}
