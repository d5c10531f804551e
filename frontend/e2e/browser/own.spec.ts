// What everybody does for themselves: profile, password, second factors,
// sessions and settings, and how a session ends and begins again.

import { expect, test, type Browser, type Page } from '@playwright/test'
import { Gate, type Way } from '../lib/gate.ts'
import { picturePath } from '../lib/place.ts'
import { Authenticator } from '../lib/totp.ts'
import { Visitor } from '../lib/visitor.ts'

/** serve runs a test against a Gate with practice data. */
async function practice(act: (gate: Gate, people: Record<string, Way>) => Promise<void>): Promise<void> {
  const gate = await Gate.start(12)
  try {
    const ways = await gate.ways()
    await act(gate, Object.fromEntries(ways.map((way) => [way.login, way])))
  } finally {
    expect(await gate.stop()).toBe('code 0')
  }
}

/** signIn goes in by keyboard alone. */
async function signIn(page: Page, who: Way, app?: Authenticator): Promise<void> {
  await expect(page.getByLabel('Login')).toBeFocused()
  await page.keyboard.type(who.login)
  await page.keyboard.press('Tab')
  await page.keyboard.type(who.password)
  await page.keyboard.press('Enter')
  if (!app) return
  await expect(page.getByLabel('Six-digit code')).toBeFocused({ timeout: 30_000 })
  await page.keyboard.type(await app.code())
}

/** come arrives as somebody and signs in. */
async function come(browser: Browser, gate: Gate, who: Way, app?: Authenticator): Promise<Visitor> {
  const visitor = await Visitor.arrive(browser, gate.url)
  await signIn(visitor.page, who, app)
  await expect(visitor.page.getByRole('button', { name: /^Profile/ })).toBeVisible({ timeout: 30_000 })
  return visitor
}

/** zoomed keeps a picture of a window of 1280 by 800 pixels that is enlarged twice. */
async function zoomed(page: Page, name: string): Promise<void> {
  await page.setViewportSize({ width: 640, height: 400 })
  await page.screenshot({ path: picturePath(`${name}-zoomed`), animations: 'disabled' })
  const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth)
  expect.soft(wide, `${name}: nothing is wider than the enlarged window`).toBe(false)
  await page.setViewportSize({ width: 1280, height: 800 })
}

async function look(visitor: Visitor, name: string): Promise<void> {
  await visitor.look(`own-${name}`)
  await zoomed(visitor.page, `own-${name}`)
}

/** choose takes an entry of the menu Profile, by keyboard. */
async function choose(page: Page, entry: string): Promise<void> {
  await page.getByRole('button', { name: /^Profile/ }).focus()
  await page.keyboard.press('Enter')
  const item = page.getByRole('menuitem', { name: entry, exact: true })
  for (let i = 0; i < 8 && !(await item.evaluate((one) => one === document.activeElement)); i++)
    await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
}

const heading = (page: Page, name: string | RegExp) => page.getByRole('heading', { name, level: 1 })

/** saveCodes says that the recovery codes are saved, and returns them. */
async function saveCodes(page: Page, next: string): Promise<string[]> {
  const codes = await page.getByRole('list', { name: 'Recovery codes' }).getByRole('listitem').allInnerTexts()
  await page.getByLabel('I have saved them').check()
  await page.getByRole('button', { name: next }).click()
  return codes
}

/** pair types the key over and switches the app on. */
async function pair(page: Page): Promise<Authenticator> {
  await page.getByRole('button', { name: 'Unable to scan' }).click()
  const app = new Authenticator(await page.getByText(/^(?:[A-Z2-7]{4} ){7}[A-Z2-7]{4}$/).innerText())
  await page.getByLabel('Six-digit code').pressSequentially(await app.code())
  return app
}

test('whoever must set up a second factor is led there, and then to where they wanted', async ({
  browser,
}) => {
  test.setTimeout(240_000)
  await practice(async (gate, people) => {
    const newcomer = Object.values(people).find((way) => !way.authenticatorKey)!
    const visitor = await come(browser, gate, newcomer)
    const { page } = visitor
    await expect(page.getByText(/requires 2-factor authentication/)).toBeVisible()
    await look(visitor, 'demanded')
    await choose(page, 'Show profile')
    await expect(heading(page, 'Profile')).toBeVisible()
    await look(visitor, 'profile-closed')
    await page.getByRole('link', { name: 'Manage' }).click()

    await page.getByRole('button', { name: 'Activate authenticator app' }).click()
    await expect(page.getByLabel('I have saved them')).toBeVisible()
    await page.getByRole('link', { name: 'Settings', exact: true }).click()
    await expect(page.getByRole('dialog', { name: 'Leave this page?' })).toBeHidden()
    await expect(page.getByLabel('I have saved them'), 'the place stays the same').toBeVisible()
    await page.getByRole('button', { name: 'Next' }).click()
    await look(visitor, 'codes-unsaved')
    const codes = await saveCodes(page, 'Next')
    expect(codes).toHaveLength(10)
    await look(visitor, 'pair')
    await pair(page)
    await expect(page.getByText('2-factor authentication is on')).toBeVisible({ timeout: 30_000 })
    await look(visitor, 'on')
    await page.getByRole('button', { name: 'Continue' }).click()
    await expect(heading(page, 'Settings')).toBeVisible()
    await look(visitor, 'settings-plain')

    await choose(page, '2-factor authentication')
    await expect(page.getByRole('button', { name: 'Disable' })).toBeDisabled()
    await look(visitor, 'factors-one')
    await choose(page, 'Sign out')
    await expect(page.getByText('You are signed out.')).toBeVisible()
    await look(visitor, 'signed-out')
    await signIn(page, newcomer)
    await expect(page.getByLabel('Six-digit code')).toBeFocused({ timeout: 30_000 })
    await page.getByText('I have none of these').click()
    await look(visitor, 'second-step')
    await page.getByRole('button', { name: 'Use a recovery code instead' }).click()
    await page.keyboard.type(codes[0]!)
    await look(visitor, 'second-step-recovery')
    await page.keyboard.press('Enter')
    await choose(page, '2-factor authentication')
    await expect(page.getByText('9 recovery codes left')).toBeVisible()
    await visitor.leave()
  })
})

test('switched on from the menu Profile, tested at once, and told by the profile', async ({ browser }) => {
  test.setTimeout(240_000)
  await practice(async (gate, people) => {
    const newcomer = Object.values(people).find((way) => !way.authenticatorKey)!
    const visitor = await come(browser, gate, newcomer)
    const { page } = visitor
    await choose(page, '2-factor authentication')
    await page.getByRole('button', { name: 'Activate authenticator app' }).click()
    await saveCodes(page, 'Next')
    await expect(page.getByRole('img', { name: 'QR code for your authenticator app' })).toBeVisible()
    await expect(page.getByText('Important', { exact: true })).toBeVisible()
    await expect(page.getByRole('button', { name: /^Yes, I scanned the QR code/ })).toBeVisible()
    const app = await pair(page)
    await page.getByRole('button', { name: 'Sign out and test it' }).click()
    await expect(page.getByText('Now test it')).toBeVisible()
    await look(visitor, 'test')
    await expect(page.getByRole('textbox', { name: 'Password' })).toBeFocused()
    await page.keyboard.type(newcomer.password)
    await page.keyboard.press('Enter')
    await expect(page.getByLabel('Six-digit code')).toBeFocused({ timeout: 30_000 })
    await page.keyboard.type(await app.code())
    await choose(page, 'Show profile')
    const status = page.getByRole('region', { name: 'How you sign in' })
    await expect(status.getByText('1 authenticator app · 10 recovery codes left')).toBeVisible()
    await look(visitor, 'profile-on')
    await visitor.leave()
  })
})

test('one’s own second factors, sessions, details and password', async ({ browser }) => {
  test.setTimeout(300_000)
  await practice(async (gate, { anna }) => {
    const app = new Authenticator(anna!.authenticatorKey!)
    const visitor = await come(browser, gate, anna!, app)
    const { page } = visitor
    await expect(page.getByRole('heading', { name: 'Latest activity' })).toBeVisible()
    await look(visitor, 'home')

    await choose(page, 'Show profile')
    await expect(page.getByRole('heading', { name: 'Your recent activity' })).toBeVisible()
    await look(visitor, 'profile')
    await page
      .getByText(/permissions? through/)
      .first()
      .click()
    await page.getByRole('heading', { name: 'What you may do' }).scrollIntoViewIfNeeded()
    await look(visitor, 'profile-permissions')

    await choose(page, '2-factor authentication')
    await page.getByRole('button', { name: 'Make new codes' }).click()
    await expect(page.getByText('The old codes still work.')).toBeVisible()
    await look(visitor, 'codes-new')
    await saveCodes(page, 'Use the new codes')
    await expect(page.getByText('the old ones no longer work')).toBeVisible()
    await page.getByRole('button', { name: 'Add another app' }).click()
    await expect(page.getByLabel('Name')).toBeFocused()
    await page.keyboard.type('Tablet at home')
    await look(visitor, 'name')
    await page.keyboard.press('Enter')
    await pair(page)
    await expect(page.getByText('The app was added')).toBeVisible({ timeout: 30_000 })
    await look(visitor, 'added')
    await page.getByRole('button', { name: 'Show 2-factor authentication' }).click()
    await expect(page.getByText('Tablet at home')).toBeVisible()
    await look(visitor, 'factors-two')
    await page.getByRole('button', { name: 'Remove Tablet at home' }).click()
    await look(visitor, 'remove')
    await page.getByRole('button', { name: 'Remove it' }).click()
    await expect(page.getByText('The app was removed.')).toBeVisible()

    const other = await come(browser, gate, anna!, app)
    await choose(page, 'Sessions')
    await expect(page.getByText('This one')).toBeVisible()
    await look(visitor, 'sessions')
    await page.getByRole('button', { name: 'End all others' }).click()
    await look(visitor, 'sessions-ask')
    await page.getByRole('dialog').getByRole('button', { name: 'End all others' }).click()
    await expect(page.getByText('You are signed in nowhere else.')).toBeVisible()
    await other.page.getByRole('link', { name: 'Users', exact: true }).click()
    await expect(other.page.getByText(/^Your session was ended/)).toBeVisible()
    await look(other, 'ended')
    other.forgetRefusals()
    await other.leave()

    await page.goto(`${gate.url}#/profile/edit`)
    await page.getByLabel('E-mail address').fill('anna.new@harbour.example')
    await expect(page.getByText(/your other sessions end/)).toBeVisible()
    await look(visitor, 'edit')
    await page.getByRole('button', { name: 'Save' }).click()
    await expect(heading(page, 'Profile')).toBeVisible()
    await expect(page.getByText('anna.new@harbour.example')).toBeVisible()

    await choose(page, 'Change password')
    await expect(page.getByLabel('Current password')).toBeFocused()
    await page.keyboard.type('not the password')
    await page.getByLabel('New password').fill('short')
    await page.keyboard.press('Enter')
    await expect(page.getByText('Use at least 8 characters.')).toBeVisible()
    await page.getByLabel('New password').fill('nine quiet badgers hum')
    await page.keyboard.press('Enter')
    await expect(page.getByText('That is not your current password.')).toBeVisible({ timeout: 30_000 })
    await expect(page.getByLabel('Current password')).toBeFocused()
    await look(visitor, 'password-wrong')
    visitor.forgetRefusals()
    await page.getByLabel('Current password').fill(anna!.password)
    await page.keyboard.press('Enter')
    await expect(page.getByText('Your password was changed.')).toBeVisible({ timeout: 30_000 })

    await page.getByRole('link', { name: 'Settings', exact: true }).click()
    await expect(page.getByText('Key file', { exact: true })).toBeVisible()
    await look(visitor, 'settings')
    await page.getByRole('button', { name: 'Show all keyboard shortcuts' }).click()
    await look(visitor, 'shortcuts')
    await page.keyboard.press('Escape')
    await visitor.leave()
  })
})

const json = (body: unknown, status = 200) => ({
  status,
  contentType: status === 200 ? 'application/json' : 'application/problem+json',
  body: JSON.stringify(body),
})

test('how a session ends, and begins again at the same place', async ({ browser }) => {
  test.setTimeout(300_000)
  await practice(async (gate, { anna }) => {
    const app = new Authenticator(anna!.authenticatorKey!)
    const visitor = await come(browser, gate, anna!, app)
    const { page } = visitor
    const shown = '**/api/v1/session'
    /** From now on the server says that the session ends soon, and then that it has. */
    const endsSoon = (field: 'idleEndsAt' | 'endsAt', seconds: number) => {
      const at = Date.now() + seconds * 1000
      return page.route(shown, async (route) => {
        if (route.request().method() !== 'GET') return route.continue()
        if (Date.now() >= at) return route.fulfill(json({ state: 'signed_out' }))
        const answer = await route.fetch()
        const body = (await answer.json()) as { session: Record<string, unknown> }
        body.session['idleEndsAt'] = body.session[field] = new Date(at).toISOString()
        await route.fulfill({ response: answer, json: body })
      })
    }
    const endsAsUsual = () => page.unrouteAll({ behavior: 'wait' })

    // A page that asks nothing by itself: what it asks keeps the session awake.
    await page.goto(`${gate.url}#/profile/password`)
    await expect(heading(page, 'Change your password')).toBeVisible()
    await endsSoon('idleEndsAt', 90)
    await page.reload()
    await expect(page.getByRole('dialog', { name: 'Are you still there?' })).toBeVisible()
    await look(visitor, 'ending')
    await endsAsUsual()
    await page.getByRole('button', { name: 'Stay signed in' }).click()
    await expect(page.getByRole('dialog')).toBeHidden()

    await endsSoon('endsAt', 90)
    await page.reload()
    await expect(page.getByRole('dialog', { name: 'Your session is about to end' })).toBeVisible()
    await look(visitor, 'ending-hard')
    await endsAsUsual()
    await page.getByRole('button', { name: 'Sign in again now' }).click()
    await expect(page.getByText('Sign in for a new session')).toBeVisible()
    await expect(page.getByLabel('Login')).toHaveValue('anna')
    await expect(page.getByRole('textbox', { name: 'Password' })).toBeFocused()
    await page.keyboard.type(anna!.password)
    await page.keyboard.press('Enter')
    await expect(page.getByLabel('Six-digit code')).toBeFocused({ timeout: 30_000 })
    await page.keyboard.type(await app.code())
    await expect(heading(page, 'Change your password'), 'back at the same place').toBeVisible({
      timeout: 30_000,
    })

    await endsSoon('idleEndsAt', 8)
    await page.reload()
    await expect(page.getByText('Nothing had happened for a while')).toBeVisible()
    await look(visitor, 'idle')
    await endsAsUsual()
    await page.reload()

    const tab = await page.context().newPage()
    await tab.goto(`${gate.url}#/users`)
    await expect(heading(tab, 'Users')).toBeVisible()
    await choose(page, 'Sign out')
    await expect(tab.getByText('You signed out in another tab')).toBeVisible()
    await tab.close()
    visitor.forgetRefusals()
    await visitor.leave()
  })
})

test('where a second factor is only recommended, and what asks for a proof', async ({ browser }) => {
  test.setTimeout(240_000)
  await practice(async (gate, { anna }) => {
    const visitor = await come(browser, gate, anna!, new Authenticator(anna!.authenticatorKey!))
    const { page } = visitor
    let state = 'on'
    // No account of the practice data leaves the choice, so these answers are changed on their way.
    for (const path of ['session', 'profile'])
      await page.route(`**/api/v1/${path}`, async (route) => {
        if (route.request().method() !== 'GET') return route.continue()
        const answer = await route.fetch()
        const body = (await answer.json()) as Record<string, Record<string, unknown>>
        const of = path === 'session' ? body['session']! : body
        of['mfa'] = { state, requiredBy: '' }
        if (state === 'off') Object.assign(of, { authenticatorApps: [], recoveryCodesLeft: 0 })
        await route.fulfill({ response: answer, json: body })
      })
    await page.goto(`${gate.url}#/profile/second-factors`)
    await page.reload()
    await page.getByRole('button', { name: 'Disable' }).click()
    await expect(page.getByRole('button', { name: 'Keep it on' })).toBeFocused()
    await look(visitor, 'off-ask')
    await page.route('**/api/v1/profile/second-factors', (route) =>
      route.fulfill(
        json({ code: 'step_up_required', title: '', detail: '', type: '', status: 403, violations: [] }, 403),
      ),
    )
    await page.getByRole('button', { name: 'Yes, I want to disable 2-factor authentication' }).click()
    await expect(page.getByRole('dialog', { name: 'Please show that it is you' })).toBeVisible()
    await look(visitor, 'proof')
    await page.getByRole('button', { name: 'Use a recovery code instead' }).click()
    await look(visitor, 'proof-recovery')
    await page.keyboard.press('Escape')
    await expect(page.getByText('Nothing was changed')).toBeVisible()

    state = 'off'
    await page.unroute('**/api/v1/profile/second-factors')
    await page.route('**/api/v1/profile/second-factors', (route) => route.fulfill(json({})))
    await page.getByRole('button', { name: 'Disable' }).click()
    await page.getByRole('button', { name: 'Yes, I want to disable 2-factor authentication' }).click()
    await expect(page.getByText('2-factor authentication is off.')).toBeVisible()
    await look(visitor, 'off')
    await page.getByRole('link', { name: 'Home', exact: true }).click()
    await expect(page.getByText('Protect your sign-in')).toBeVisible()
    await look(visitor, 'reminder')
    await page.getByRole('button', { name: 'Not now' }).click()
    await page.reload()
    await expect(page.getByText('Your own sign-in is protected by a password only')).toBeVisible()
    await expect(page.getByText('Protect your sign-in')).toBeHidden()

    state = 'on'
    await page.evaluate(() => localStorage.setItem('gatehouse.language', 'de'))
    for (const path of [
      'home',
      'profile',
      'profile/edit',
      'profile/password',
      'profile/sessions',
      'settings',
    ]) {
      await page.goto(`${gate.url}#/${path}`)
      await page.reload()
      await expect(page.getByRole('main').getByRole('heading').first()).toBeVisible()
      await expect(page.getByRole('status')).toHaveCount(0)
      await look(visitor, `${path.replace('/', '-')}-de`)
    }
    await page.goto(`${gate.url}#/profile/second-factors`)
    await page.getByRole('button', { name: 'Weitere App hinzufügen' }).click()
    await page.getByLabel('Name').fill('Tablet')
    await page.keyboard.press('Enter')
    await expect(page.getByText('Wichtig', { exact: true })).toBeVisible()
    await look(visitor, 'pair-de')
    await page.getByRole('button', { name: 'Zurück' }).scrollIntoViewIfNeeded()
    await look(visitor, 'pair-de-end')
    await page.goto(`${gate.url}#/activity?days=30&outcome=refused`)
    await page.getByRole('button', { name: 'Verlassen' }).click()
    await expect(page.getByRole('button', { name: 'Nur abgewiesene' })).toHaveAttribute(
      'aria-pressed',
      'true',
    )
    await expect(page.getByRole('status')).toHaveCount(0)
    await look(visitor, 'refused-de')
    visitor.forgetRefusals()
    await visitor.leave()
  })
})

test('too many wrong passwords: a pause with a countdown, or none when waiting is no use', async ({
  browser,
}) => {
  test.setTimeout(120_000)
  await practice(async (gate) => {
    const visitor = await Visitor.arrive(browser, gate.url)
    const { page } = visitor
    const problem = {
      code: 'too_many_attempts',
      title: '',
      detail: '',
      type: '',
      status: 429,
      violations: [],
    }
    let retryAfter: number | undefined = 90
    await page.route('**/api/v1/session', (route) =>
      route.request().method() === 'POST'
        ? route.fulfill(json({ ...problem, retryAfter }, 429))
        : route.continue(),
    )
    for (const help of ['Forgotten password?', 'Lost your authenticator app?', 'New here?']) {
      await page.getByText(help).click()
      await look(visitor, `help-${help.split(' ')[0]!.toLowerCase()}`)
    }
    await page.getByLabel('Login').fill('anna')
    await page.getByRole('textbox', { name: 'Password' }).fill('wrong')
    await page.keyboard.press('Enter')
    await expect(page.getByText(/Try again in 1:/)).toBeVisible()
    await look(visitor, 'pause')
    retryAfter = undefined
    await page.reload()
    await page.getByLabel('Login').fill('anna')
    await page.getByRole('textbox', { name: 'Password' }).fill('wrong')
    await page.keyboard.press('Enter')
    await expect(page.getByText(/waiting does not open this again/)).toBeVisible()
    await expect(page.getByText(/Try again in/)).toBeHidden()
    await look(visitor, 'blocked')
    visitor.forgetRefusals()
    await visitor.leave()
  })
})
