// What somebody may not do stands greyed with its reason before it is tried; a link that does not tell the login, and a
// list that was looked through in part, say so too.

import { expect, test, type Page } from '@playwright/test'
import { Gate } from '../lib/gate.ts'
import { picturePath } from '../lib/place.ts'
import { Postbox } from '../lib/postbox.ts'
import { signIn } from '../lib/signin.ts'
import { Authenticator } from '../lib/totp.ts'
import { Visitor } from '../lib/visitor.ts'

const dialog = (page: Page) => page.getByRole('dialog')

/** go opens a page by its address. */
async function go(page: Page, path: string, heading: string | RegExp): Promise<void> {
  await page.evaluate((to) => void (location.hash = to), path)
  await expect(page.getByRole('heading', { level: 1, name: heading })).toBeVisible()
}

/** inGerman keeps a picture of a page in German and in the dark, as it is when somebody comes to it. */
async function inGerman(page: Page, name: string, heading: string | RegExp): Promise<void> {
  const speak = async (language: string) => {
    await page.evaluate((value) => localStorage.setItem('gatehouse.language', value), language)
    await page.reload()
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
  }
  await speak('de')
  await expect(page.getByRole('heading', { level: 1, name: heading })).toBeVisible()
  await expect(page.getByText('Einen Moment …')).toHaveCount(0)
  await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' })
  await page.screenshot({ path: picturePath(`${name}-german`), animations: 'disabled' })
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' })
  await speak('en')
}

/** isShut expects a form in which nothing can be changed, and that says why to whoever cannot see it, too. */
async function isShut(page: Page, field: string): Promise<void> {
  await expect(page.getByText('so changing it takes every permission')).toHaveCount(1)
  await expect(page.getByRole('textbox', { name: field, exact: true })).toBeDisabled()
  await expect(page.getByRole('button', { name: 'Save' }).first()).toBeDisabled()
  await expect(
    page
      .getByRole('group')
      .filter({ has: page.getByRole('textbox', { name: field, exact: true }) })
      .first(),
  ).toHaveAccessibleDescription(/takes every permission/)
}

test('who runs the installation without every permission sees what takes all of them', async ({
  browser,
}) => {
  test.setTimeout(180_000)
  const gate = await Gate.start(12)
  try {
    const [, colleague] = await gate.ways()
    const permissions =
      'VIEW_USER,MANAGE_INSTALLATION,OPEN_ACCOUNT,MANAGE_ACCOUNT,MANAGE_SETTINGS,VIEW_ACTIVITY'
    await gate.command('roles', 'create', '--name', 'Night watch', '--permissions', permissions)
    await gate.command(
      'delivery',
      'update-mail',
      ...['--host', '127.0.0.1', '--port', '1', '--security', 'none'],
      ...['--from', 'gate@harbour.example'],
    )
    await becomes(gate, colleague!.login, 'Night watch')
    const app = new Authenticator(colleague!.authenticatorKey!)
    const tom = await signIn(browser, gate, colleague!, app)
    const { page } = tom

    await go(page, '/settings/delivery', 'Mail and SMS')
    await isShut(page, 'Mail server')
    await expect(page.getByLabel('Send a test to')).toBeEnabled()
    await tom.look('shut-delivery')
    await inGerman(page, 'shut-delivery', 'E-Mail und SMS')
    await go(page, '/settings/address', 'Public address')
    await isShut(page, 'Address')
    await tom.look('shut-address')
    await go(page, '/settings/templates', 'Texts of messages')
    await isShut(page, 'Text')
    await page.getByRole('button', { name: 'Preview' }).click()
    await expect(page.getByRole('status').filter({ hasText: 'gate.example' })).toBeVisible()
    await tom.look('shut-templates')

    // The official contact is the admin user's alone, wherever it is changed.
    await go(page, '/settings', 'Settings')
    await page.getByRole('button', { name: 'Change name and contact' }).click()
    await contactIsShut(page, 'Official e-mail address', 'Official mobile number')
    await tom.look('shut-own-account')
    await dialog(page).getByLabel('Name').fill('Harbour & Sons')
    await dialog(page).getByRole('button', { name: 'Save' }).click()
    await expect(page.getByText('The account was changed.')).toBeVisible()
    await go(page, '/accounts', 'Accounts')
    await page.getByRole('link', { name: /^Harbour & Sons/ }).click()
    await expect(page.getByText('let in again at the command line')).toHaveCount(3)
    await page.getByRole('button', { name: 'Change details and policy' }).click()
    await contactIsShut(page, 'Official e-mail address', 'Official mobile number')
    await tom.look('shut-account-contact')
    await page.keyboard.press('Escape')

    await go(page, '/accounts', 'Accounts')
    await page.getByRole('link', { name: /^Kelder Hosting/ }).click()
    const hand = page.getByRole('button', { name: 'Hand over the admin user' })
    await expect(hand).toHaveAttribute('aria-disabled', 'true')
    await expect(hand).toHaveAccessibleDescription(/RESET_ADMIN_MFA/)
    await tom.look('shut-hand-over')
    await tom.leave()

    // A peer of the admin user changes nothing of where links go, and the rest.
    await becomes(gate, colleague!.login, 'Admin')
    const peer = await signIn(browser, gate, colleague!, app)
    await go(peer.page, '/users', 'Users')
    await peer.page.getByRole('searchbox').fill('anna')
    await peer.page.getByRole('table').getByText('Anna Peeters').click()
    await peer.page.getByRole('link', { name: 'Open the user' }).click()
    await peer.page.getByRole('button', { name: 'Edit', exact: true }).click()
    await contactIsShut(peer.page, 'E-mail address', 'Mobile number')
    await peer.look('shut-user-contact')
    await peer.page.keyboard.press('Escape')
    await looksFurther(peer)
    await peer.leave()
  } finally {
    expect(await gate.stop()).toBe('code 0')
  }
})

/** becomes gives somebody one role and no other. */
async function becomes(gate: Gate, login: string, role: string): Promise<void> {
  type Listed = { entities: { id: string; login?: string; name: string }[] }
  const { entities: users } = JSON.parse(await gate.command('users', 'list', '--json')) as Listed
  const { entities: roles } = JSON.parse(await gate.command('roles', 'list', '--json')) as Listed
  const user = users.find((one) => one.login === login)!.id
  await gate.command('users', 'update', user, '--roles', roles.find(({ name }) => name === role)!.id)
}

async function contactIsShut(page: Page, ...fields: string[]): Promise<void> {
  for (const field of fields) {
    const input = dialog(page).getByLabel(field)
    await expect(input).toHaveAttribute('readonly', '')
    await expect(input).toHaveAccessibleDescription(/Only the admin user/)
  }
}

/** looksFurther pretends that the log is too long for one look: that answer alone is made up. */
async function looksFurther(anna: Visitor): Promise<void> {
  const { page } = anna
  await page.route('**/api/v1/activity?*', (route) => {
    const url = new URL(route.request().url())
    if (url.searchParams.has('cursor')) {
      url.searchParams.delete('cursor')
      return route.continue({ url: url.href })
    }
    const pagination = { limit: 50, offset: 0, total: 0, totalIsMinimum: true, nextCursor: 'after 20,000' }
    return route.fulfill({ json: { entities: [], pagination } })
  })
  await go(page, '/activity?event=user.updated', 'Activity')
  await expect(page.getByText('Nothing found so far')).toBeVisible()
  await anna.look('activity-so-far')
  await page.getByRole('button', { name: 'Look further' }).click()
  await expect(page.getByText(/changed user/).first()).toBeVisible()
  await page.unroute('**/api/v1/activity?*')
}

test('a link that does not tell the login leads in all the same', async ({ browser }) => {
  test.setTimeout(120_000)
  const gate = await Gate.start(6)
  const postbox = await Postbox.open()
  try {
    await gate.command(
      'delivery',
      'update-mail',
      ...['--host', '127.0.0.1', '--port', String(postbox.port), '--security', 'none'],
      ...['--from', 'gate@harbour.example'],
    )
    await gate.command('settings', 'update', '--public-url', 'https://gate.example')
    await gate.command(
      ...[
        'accounts',
        'open',
        '--name',
        'Marsh & Moor',
        '--handle',
        'marsh',
        '--email',
        'office@marsh.example',
      ],
      ...[
        '--admin-name',
        'Mia Maes',
        '--admin-login',
        'mia-of-the-marsh',
        '--admin-email',
        'mia@marsh.example',
        '--admin-language',
        'en',
      ],
    )
    const mail = await postbox.mail(/activate\?t=/)
    expect(mail).not.toContain('mia-of-the-marsh')
    const token = /activate\?t=([\w-]+)/.exec(mail)?.[1]
    const mia = await Visitor.arrive(browser, `${gate.url}/#/activate?t=${token}`)
    const { page } = mia
    await expect(page.getByRole('heading', { name: /Mia Maes/ })).toBeVisible()
    await expect(page.getByText('Your login comes by another way')).toBeVisible()
    await expect(
      page.locator('[name=username]'),
      'a manager of passwords files nothing under no login',
    ).toHaveCount(0)
    await mia.look('activate-login-apart')
    await page.getByRole('textbox', { name: 'Password' }).fill('nine slow barges under the bridge')
    await page.getByRole('button', { name: 'Set password' }).click()
    await expect(page.getByText('with the login that came to you by SMS')).toBeVisible()
    await expect(page.getByLabel('Login')).toHaveValue('')
    await expect(page.getByLabel('Login')).toBeFocused()
    await mia.look('activated-login-apart')
    await inGerman(page, 'activated-login-apart', 'Anmelden')
    await page.getByLabel('Login').fill('mia-of-the-marsh')
    await page.getByRole('textbox', { name: 'Password' }).fill('nine slow barges under the bridge')
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await expect(page.getByRole('heading', { level: 1, name: '2-factor authentication' })).toBeVisible()
    await mia.leave()
  } finally {
    await postbox.close()
    expect(await gate.stop()).toBe('code 0')
  }
})
