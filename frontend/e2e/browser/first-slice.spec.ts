// The first slice as people go through it: set up, sign in, add a colleague,
// who activates, is made to set up a second factor, and gets in.

import { expect, test, type Page } from '@playwright/test'
import { Gate } from '../lib/gate.ts'
import { Authenticator } from '../lib/totp.ts'
import { Visitor } from '../lib/visitor.ts'

const password = 'seven purple otters sing'

test('a registrar sets up and lets a colleague in', async ({ browser }) => {
  test.setTimeout(240_000)
  const gate = await Gate.start()
  try {
    const anna = await Visitor.arrive(browser, gate.url)
    const app = await setUp(anna, gate.setupCode())
    await expect(
      anna.page.getByRole('heading', { name: /^Good (morning|afternoon|evening), Anna$/ }),
    ).toBeVisible()
    await anna.look('home')
    const link = await addColleague(anna)

    const tom = await Visitor.arrive(browser, link)
    await activate(tom)
    await enrol(tom)
    await expect(tom.page.getByRole('link', { name: 'Users', exact: true })).toBeVisible()
    await tom.leave()

    await activityTells(anna)
    await profileTells(anna)
    await signOutAndIn(anna, app)
    await anna.leave()
    expect(await gate.command('audit', 'verify')).toContain('intact')
  } finally {
    expect(await gate.stop()).toBe('code 0')
  }
})

const next = (page: Page) => page.getByRole('button', { name: 'Next' })

async function setUp(anna: Visitor, code: string): Promise<Authenticator> {
  const { page } = anna
  await expect(page.getByLabel('Set-up code')).toBeVisible()
  await anna.look('setup-welcome')
  await page.getByLabel('Set-up code').fill(code)
  await page.getByRole('button', { name: 'Start' }).click()
  await page.getByLabel('Name of the organisation').fill('Harbour Domains')
  await page.getByLabel('Handle').fill('harbour')
  await page.getByLabel('Official e-mail address').fill('office@harbour.example')
  await anna.look('setup-organisation')
  await next(page).click()
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill('Anna Peeters')
  await page.getByLabel('E-mail address').fill('anna@harbour.example')
  await page.getByLabel('Login').fill('anna')
  await page.getByRole('textbox', { name: 'Password' }).fill('too short')
  await next(page).click()
  await anna.look('setup-you-refused')
  await page.getByRole('textbox', { name: 'Password' }).fill(password)
  await next(page).click()
  const app = await pair(anna, 'setup')
  await page.getByRole('button', { name: 'Go to Gatehouse' }).click()
  return app
}

/** pair saves the recovery codes and connects an authenticator app. */
async function pair(visitor: Visitor, name: string): Promise<Authenticator> {
  const { page } = visitor
  await expect(page.getByLabel('I have saved them')).toBeVisible({ timeout: 30_000 })
  await visitor.look(`${name}-recovery-codes`)
  await page.getByLabel('I have saved them').check()
  await next(page).click()
  await expect(page.getByRole('button', { name: 'Unable to scan' })).toBeVisible()
  await visitor.look(`${name}-authenticator-app`)
  await page.getByRole('button', { name: 'Unable to scan' }).click()
  const shown = await page.getByText(/^(?:[A-Z2-7]{4} ){7}[A-Z2-7]{4}$/).innerText()
  await visitor.look(`${name}-unable-to-scan`)
  const app = new Authenticator(shown)
  await page.getByLabel('Six-digit code').pressSequentially(await app.code())
  await expect(page.getByLabel('Six-digit code')).toBeHidden({ timeout: 30_000 })
  await visitor.look(`${name}-done`)
  return app
}

async function addColleague(anna: Visitor): Promise<string> {
  const { page } = anna
  await page.getByRole('link', { name: 'Users', exact: true }).click()
  await expect(page.getByRole('heading', { name: 'Users', exact: true })).toBeVisible()
  await expect(page.getByRole('table').getByText('Anna Peeters')).toBeVisible()
  await anna.look('users-alone')
  await page.getByRole('button', { name: 'Add user' }).first().click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('button', { name: 'Create' }).click()
  await anna.look('users-add-refused')
  await dialog.getByRole('textbox', { name: 'Name', exact: true }).fill('Tom <b>Willems</b>')
  await dialog.getByLabel('Login').fill('tom')
  await dialog.getByLabel('E-mail address').fill('tom@harbour.example')
  await dialog.getByLabel('Admin', { exact: true }).check()
  await dialog.getByRole('button', { name: 'Create' }).click()
  await expect(dialog.getByText(/#\/activate\?t=/)).toBeVisible({ timeout: 30_000 })
  await anna.look('users-hand-over')
  const link = (await dialog.getByText(/#\/activate\?t=/).innerText()).trim()
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Close anyway' }).click()
  return link
}

async function activate(tom: Visitor): Promise<void> {
  const { page } = tom
  await expect(page.getByRole('heading', { name: 'Welcome, Tom <b>Willems</b>' })).toBeVisible()
  expect(page.url(), 'the token does not stay in the address').not.toContain('t=')
  await tom.look('activation')
  await page.getByRole('textbox', { name: 'Password' }).fill('eleven green herons nap')
  await page.getByRole('button', { name: 'Set password', exact: true }).click()
  await expect(page.getByRole('heading', { name: 'Sign in', exact: true })).toBeVisible({ timeout: 30_000 })
  await tom.look('activation-done')
  await expect(page.getByLabel('Login')).toHaveValue('tom')
  await page.getByRole('textbox', { name: 'Password' }).fill('eleven green herons nap')
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
}

async function enrol(tom: Visitor): Promise<void> {
  const { page } = tom
  const start = page.getByRole('button', { name: 'Activate authenticator app' })
  await expect(start).toBeVisible({ timeout: 30_000 })
  await tom.look('enrolment')
  await page.goto(`${new URL(page.url()).origin}/#/users`)
  await expect(start, 'every other screen leads back here').toBeVisible()
  await start.click()
  await stays(tom)
  await pair(tom, 'enrolment')
  await page.goto(`${new URL(page.url()).origin}/#/`)
}

/** stays tries to leave with recovery codes on the screen that nobody has saved yet, and thinks better of it. */
async function stays(tom: Visitor): Promise<void> {
  const { page } = tom
  await expect(page.getByLabel('I have saved them')).toBeVisible({ timeout: 30_000 })
  const question = page.getByRole('dialog', { name: 'Leave this page?' })
  await page.getByRole('button', { name: 'Profile Tom <b>Willems</b>' }).click()
  await page.getByRole('menuitem', { name: 'Show profile' }).click()
  await tom.look('leave-unsaved')
  await question.getByRole('button', { name: 'Stay here' }).click()
  await expect(question).toBeHidden()
  await page.goBack()
  await expect(page.getByLabel('I have saved them'), 'back leads to the same page').toBeVisible()
  await expect(question).toBeHidden()
}

async function activityTells(anna: Visitor): Promise<void> {
  const { page } = anna
  await page.getByRole('link', { name: 'Activity', exact: true }).click()
  await expect(page.getByText('Anna Peeters added user Tom <b>Willems</b>')).toBeVisible()
  await anna.look('activity')
}

async function profileTells(anna: Visitor): Promise<void> {
  const { page } = anna
  await page.getByRole('button', { name: 'Profile Anna Peeters' }).click()
  await anna.look('profile-menu')
  await page.getByRole('menuitem', { name: 'Show profile' }).click()
  await expect(page.getByText('anna@harbour.example')).toBeVisible()
  await anna.look('profile')
}

async function signOutAndIn(anna: Visitor, app: Authenticator): Promise<void> {
  const { page } = anna
  await page.getByRole('button', { name: 'Profile Anna Peeters' }).click()
  await page.getByRole('menuitem', { name: 'Sign out' }).click()
  await expect(page.getByLabel('Login')).toBeVisible()
  await anna.look('sign-in')
  // Key by key: a page that moves the focus while somebody types is unusable.
  await page.getByLabel('Login').pressSequentially('anna')
  await page.getByRole('textbox', { name: 'Password' }).fill('not the password at all')
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await expect(
    page.getByText('Login and password do not fit together. Check both and try again.'),
  ).toBeVisible({ timeout: 30_000 })
  await anna.look('sign-in-refused')
  anna.forgetRefusals()
  await page.getByRole('textbox', { name: 'Password' }).fill(password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await expect(page.getByLabel('Six-digit code')).toBeVisible({ timeout: 30_000 })
  await anna.look('second-factor')
  await page.getByLabel('Six-digit code').pressSequentially(await app.code())
  await expect(page.getByRole('link', { name: 'Users', exact: true })).toBeVisible({ timeout: 30_000 })
}
