// What an administrator does to a user, from the list and from the user's own page.

import { expect, test, type Browser, type Page } from '@playwright/test'
import { Gate, type Way } from '../lib/gate.ts'
import { picturePath } from '../lib/place.ts'
import { lapsed } from '../lib/proof.ts'
import { signIn } from '../lib/signin.ts'
import { Authenticator } from '../lib/totp.ts'
import type { Visitor } from '../lib/visitor.ts'

test('an administrator looks a user up and acts', async ({ browser }) => {
  test.setTimeout(240_000)
  const gate = await Gate.start(30)
  try {
    const [operator, colleague] = await gate.ways()
    const own = new Authenticator(operator!.authenticatorKey!)
    const anna = await signIn(browser, gate, operator!, own)
    const { page } = anna
    await page.getByRole('link', { name: 'Users', exact: true }).click()
    await openUser(page, 'Tom Willems')
    await looksThrough(anna)
    await edits(anna)
    const app = new Authenticator(colleague!.authenticatorKey!)
    await mayNotSeeUsers(browser, gate, colleague!, app)
    await keepsOutAndLetsIn(anna, own)
    await makesAdministrator(anna)
    await asOtherAdministrator(browser, gate, colleague!, app)
    await endsSession(anna)
    await resets(anna)
    await issuesNewLink(anna)
    await adminUserIsExplained(anna)
    await deletes(anna)
    await anna.leave()
    expect(await gate.command('audit', 'verify')).toContain('intact')
  } finally {
    expect(await gate.stop()).toBe('code 0')
  }
})

const dialog = (page: Page) => page.getByRole('dialog')

async function openUser(page: Page, name: string): Promise<void> {
  await page.getByRole('navigation').getByRole('link', { name: 'Users', exact: true }).click()
  await page.getByRole('searchbox').fill(name)
  await expect(page.getByText('1 user', { exact: true })).toBeVisible()
  await page.getByRole('table').getByText(name).click()
  await page.getByRole('link', { name: 'Open the user' }).click()
  await expect(page.getByRole('heading', { name, level: 1 })).toBeVisible()
}

async function looksThrough(anna: Visitor): Promise<void> {
  const { page } = anna
  await expect(page.getByRole('heading', { name: 'Effective permissions' })).toBeVisible()
  await expect(page.getByText(/^\d+ permissions, each with/)).toBeVisible()
  const domains = page.locator('summary', { hasText: 'Domains' })
  await domains.click()
  await expect(page.getByText('VIEW_DOMAIN', { exact: true })).toBeVisible()
  await expect(page.getByRole('heading', { name: 'Sessions' })).toBeVisible()
  await expect(page.getByText('One moment')).toHaveCount(0)
  await anna.look('user-detail')
  await everything(page, 'user-detail-below')
}

/** everything keeps a picture of the whole page, however long. */
async function everything(page: Page, name: string): Promise<void> {
  const height = await page.evaluate(() => document.querySelector('main')!.scrollHeight + 120)
  await page.setViewportSize({ width: 1280, height })
  await page.screenshot({ path: picturePath(name) })
  await page.setViewportSize({ width: 640, height: 400 })
  await page.evaluate(() => document.querySelector('main')!.scrollTo(0, 0))
  await page.screenshot({ path: picturePath(`${name}-zoom-200`) })
  await page.setViewportSize({ width: 1280, height: 800 })
}

async function edits(anna: Visitor): Promise<void> {
  const { page } = anna
  await page.getByRole('button', { name: 'Edit', exact: true }).click()
  await expect(dialog(page).getByRole('checkbox', { name: 'Finance' })).toBeVisible()
  await expect(dialog(page).getByText('Cannot be changed: the activity')).toBeVisible()
  await anna.look('user-edit')
  await dialog(page).getByRole('textbox', { name: 'Name', exact: true }).fill('')
  await dialog(page).getByLabel('E-mail address').fill('not an address')
  await dialog(page).getByRole('checkbox', { name: 'Finance' }).check()
  await dialog(page).getByRole('checkbox', { name: 'Support' }).uncheck()
  await dialog(page).getByText('Permissions:').click()
  await dialog(page).getByRole('button', { name: 'Save changes' }).click()
  await expect(dialog(page).getByRole('textbox', { name: 'Name', exact: true })).toBeFocused()
  await anna.look('user-edit-refused')
  await page.keyboard.press('Escape')
  await expect(page.getByRole('heading', { name: 'Discard your changes?' })).toBeVisible()
  await page.getByRole('button', { name: 'Keep editing' }).click()
  await dialog(page).getByRole('textbox', { name: 'Name', exact: true }).fill('Tom Willems')
  await dialog(page).getByLabel('E-mail address').fill('tom.willems@harbour.example')
  await expect(dialog(page).getByText('ends all sessions of Tom Willems')).toBeVisible()
  await dialog(page).getByRole('button', { name: 'Save changes' }).click()
  await expect(page.getByText('Changes to Tom Willems were saved.')).toBeVisible()
  await expect(page.getByRole('main').getByText('tom.willems@harbour.example')).toBeVisible()
}

/** mayNotSeeUsers is what remains for somebody who has nothing to do with users. */
async function mayNotSeeUsers(browser: Browser, gate: Gate, way: Way, app: Authenticator): Promise<void> {
  const tom = await signIn(browser, gate, way, app)
  await tom.page.goto(`${gate.url}/#/users`)
  await expect(tom.page.getByRole('heading', { name: 'You may not see users' })).toBeVisible()
  await tom.look('users-forbidden')
  await tom.leave()
}

async function makesAdministrator({ page }: Visitor): Promise<void> {
  await page.getByRole('button', { name: 'Edit', exact: true }).click()
  await dialog(page).getByRole('checkbox', { name: 'Admin' }).check()
  await dialog(page).getByRole('button', { name: 'Save changes' }).click()
  await expect(dialog(page)).toBeHidden()
  await expect(page.getByRole('main').getByTitle('Admin').first()).toBeVisible()
}

/** asOtherAdministrator meets the guards of the admin user. */
async function asOtherAdministrator(
  browser: Browser,
  gate: Gate,
  way: Way,
  app: Authenticator,
): Promise<void> {
  const tom = await signIn(browser, gate, way, app)
  const { page } = tom
  await openUser(page, 'Anna Peeters')
  for (const name of ['Delete', 'Deactivate', 'Issue a new link', 'Reset 2-factor authentication'])
    await expect(page.getByRole('button', { name, exact: true })).toHaveAttribute('aria-disabled', 'true')
  await expect(page.getByText('Only the operator of this installation lets').first()).toBeVisible()
  await expect(page.getByText('One moment')).toHaveCount(0)
  await tom.look('user-admin-guarded')
  await page.getByRole('button', { name: 'Edit', exact: true }).click()
  await expect(dialog(page).getByRole('checkbox', { name: 'Admin' })).toBeDisabled()
  await expect(dialog(page).getByText('The admin user keeps this role.')).toBeVisible()
  await tom.look('user-admin-edit')
  await page.keyboard.press('Escape')
  await tom.leave()
}

async function endsSession(anna: Visitor): Promise<void> {
  const { page } = anna
  await page.reload()
  const end = page.getByRole('button', { name: /^End the session Browser/ })
  await expect(end).toBeVisible()
  await end.scrollIntoViewIfNeeded()
  await anna.look('user-sessions')
  await end.click()
  await expect(page.getByText('1 session was ended.')).toBeVisible()
  await expect(page.getByText('Not signed in anywhere.')).toBeVisible()
}

async function keepsOutAndLetsIn(anna: Visitor, own: Authenticator): Promise<void> {
  const { page } = anna
  await page.getByRole('button', { name: 'Deactivate', exact: true }).click()
  await expect(page.getByText('Tom Willems was deactivated.')).toBeVisible()
  await expect(page.getByRole('button', { name: 'Reactivate', exact: true })).toBeVisible()
  await anna.look('user-deactivated')
  // Letting somebody in again asks for a proof, also by "Undo". Whoever does not give it has done nothing.
  await lapsed(page, '**/reactivate')
  await page.getByRole('button', { name: 'Undo' }).last().click()
  const proof = page.getByRole('dialog', { name: 'Please show that it is you' })
  await expect(proof).toBeVisible()
  await anna.look('user-undo-proof')
  await page.keyboard.press('Escape')
  await expect(page.getByText('Nothing was changed, because you did not confirm')).toBeVisible()
  await expect(page.getByRole('button', { name: 'Reactivate', exact: true })).toBeVisible()
  await lapsed(page, '**/reactivate')
  await page.getByRole('button', { name: 'Undo' }).last().click()
  await proof.getByLabel('Six-digit code').pressSequentially(await own.code())
  await expect(page.getByText('Tom Willems was reactivated.')).toBeVisible()
  await expect(page.getByRole('button', { name: 'Deactivate', exact: true })).toBeVisible()
  anna.forgetRefusals()
}

async function resets(anna: Visitor): Promise<void> {
  const { page } = anna
  await page.getByRole('button', { name: 'Reset 2-factor authentication' }).click()
  const reset = dialog(page).getByRole('button', { name: 'Reset 2-factor authentication' })
  await reset.click()
  await expect(dialog(page).getByLabel('Reason')).toBeFocused()
  await anna.look('user-reset')
  await dialog(page).getByLabel('Reason').fill('Lost the phone on the train')
  await reset.click()
  await expect(page.getByText('must set up a new one')).toBeVisible()
  await expect(page.getByText('There is no second factor to reset.')).toBeVisible()
}

async function issuesNewLink(anna: Visitor): Promise<void> {
  const { page } = anna
  await page.getByRole('button', { name: 'Issue a new link' }).click()
  await anna.look('user-reissue')
  await dialog(page).getByRole('button', { name: 'Issue a new link' }).click()
  await expect(dialog(page).getByText(/#\/activate\?t=/)).toBeVisible()
  await anna.look('user-reissued')
  await page.keyboard.press('Escape')
  await expect(page.getByRole('heading', { name: 'Close without having copied it?' })).toBeVisible()
  await page.getByRole('button', { name: 'Back', exact: true }).click()
  await dialog(page).getByRole('button', { name: 'Copy as message' }).click()
  await dialog(page).getByRole('button', { name: 'Done' }).click()
  await expect(page.getByText('was given a link to choose a new password')).toBeVisible()
}

async function adminUserIsExplained(anna: Visitor): Promise<void> {
  const { page } = anna
  await openUser(page, 'Anna Peeters')
  await expect(page.getByRole('button', { name: 'Delete', exact: true })).toHaveAttribute(
    'aria-disabled',
    'true',
  )
  await expect(page.getByText('Manage your own second factors in your profile.')).toBeVisible()
  await anna.look('user-admin')
  await everything(page, 'user-admin-below')
  await page.evaluate(() => localStorage.setItem('gatehouse.language', 'de'))
  await page.reload()
  await expect(page.getByRole('heading', { name: 'Wirksame Berechtigungen' })).toBeVisible()
  await anna.look('user-admin-de')
  await page.getByRole('button', { name: 'Bearbeiten', exact: true }).click()
  await anna.look('user-edit-own-de')
  await page.keyboard.press('Escape')
  await page.evaluate(() => localStorage.setItem('gatehouse.language', 'en'))
  await page.reload()
}

async function deletes(anna: Visitor): Promise<void> {
  const { page } = anna
  await openUser(page, 'Tom Willems')
  await page.getByRole('button', { name: 'Delete', exact: true }).click()
  const confirm = dialog(page).getByLabel('Type tom to confirm')
  await expect(confirm).toBeFocused()
  await confirm.fill('tim')
  await dialog(page).getByRole('button', { name: 'Delete', exact: true }).click()
  await expect(dialog(page).getByText('This has to be tom.')).toBeVisible()
  await anna.look('user-delete')
  await confirm.fill('tom')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('heading', { name: 'Tom Willems was deleted.' })).toBeVisible()
  await anna.look('user-deleted')
  await page.getByRole('main').getByRole('link', { name: 'All users' }).click()
  await expect(page.getByText('29 users', { exact: true })).toBeVisible()
}
