// Security keys and passkeys in a browser. The keys are virtual ones of
// Chromium, but for the tests that say so; everything else is real.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium as playwright, expect, test, type Browser, type Page } from '@playwright/test'
import { chromium } from '../lib/chromium.ts'
import { Gate, type Way } from '../lib/gate.ts'
import { picturePath } from '../lib/place.ts'
import { freePort } from '../lib/port.ts'
import { run } from '../lib/program.ts'
import { lapsed } from '../lib/proof.ts'
import { Authenticator } from '../lib/totp.ts'
import { VirtualKey } from '../lib/virtualkey.ts'
import { Visitor } from '../lib/visitor.ts'

type People = Record<string, Way>

/** named runs a test against a Gate that is opened by the name localhost, which keys can be bound to. */
async function named(act: (url: string, people: People, gate: Gate) => Promise<void>): Promise<void> {
  const port = await freePort()
  const url = `http://localhost:${port}`
  await served((gate, people) => act(url, people, gate), '--listen', `127.0.0.1:${port}`, '--public-url', url)
}

async function served(act: (gate: Gate, people: People) => Promise<void>, ...more: string[]): Promise<void> {
  const gate = await Gate.start(12, ...more)
  try {
    const ways = await gate.ways()
    await act(gate, Object.fromEntries(ways.map((way) => [way.login, way])))
  } finally {
    expect(await gate.stop()).toBe('code 0')
  }
}

/** newcomerOf is somebody who has to set up a second factor. */
const newcomerOf = (people: People): Way => Object.values(people).find((way) => !way.authenticatorKey)!

async function password(page: Page, who: Way): Promise<void> {
  await page.getByLabel('Login').fill(who.login)
  await page.getByRole('textbox', { name: 'Password' }).fill(who.password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
}

const inside = (page: Page) =>
  expect(page.getByRole('navigation').getByRole('link', { name: 'Home', exact: true })).toBeVisible()

async function choose(page: Page, entry: string): Promise<void> {
  await page.getByRole('button', { name: /^Profile/ }).click()
  await page.getByRole('menuitem', { name: entry, exact: true }).click()
}

/** register goes from the list to where the key is tapped. */
async function register(page: Page, name: string, first = false): Promise<void> {
  await page.getByRole('button', { name: first ? 'Set up security key' : 'Add another key' }).click()
  await page.getByLabel('Name', { exact: true }).fill(name)
  if (first) {
    await page.getByRole('button', { name: 'Next' }).click()
    await page.getByLabel('I have saved them').check()
  }
  await page.getByRole('button', { name: 'Register security key' }).click()
}

/** waitsASecond has a key asked for a second only: two minutes are long in a test. */
const waitsASecond = (page: Page, address: string, times?: number) =>
  page.route(
    address,
    async (route) => {
      const answer = await route.fetch()
      const body = (await answer.json()) as { options: Record<string, unknown> }
      body.options['timeout'] = 1000
      await route.fulfill({ response: answer, json: body })
    },
    times ? { times } : {},
  )

const blue = 'Blue <b>key</b> & "chain"'

/** enrolled brings somebody in whose first second factor is a security key. */
async function enrolled(browser: Browser, url: string, who: Way): Promise<[Visitor, VirtualKey]> {
  const visitor = await Visitor.arrive(browser, url)
  const { page } = visitor
  const key = await VirtualKey.plug(page)
  await password(page, who)
  await register(page, blue, true)
  await expect(page.getByText('2-factor authentication is on')).toBeVisible()
  return [visitor, key]
}

test('a security key is the first method, and signs in as second step', async ({ browser }) => {
  test.setTimeout(240_000)
  await named(async (url, people) => {
    const newcomer = newcomerOf(people)
    const visitor = await Visitor.arrive(browser, url)
    const { page } = visitor
    const key = await VirtualKey.plug(page)
    await visitor.look('securitykeys-signin')
    await password(page, newcomer)
    await expect(page.getByText(/requires 2-factor authentication/)).toBeVisible()
    await visitor.look('securitykeys-demanded')

    await key.touched(false)
    await page.getByRole('button', { name: 'Set up security key' }).click()
    await page.getByRole('button', { name: 'Next' }).click()
    await expect(page.getByLabel('Name', { exact: true })).toHaveAttribute('aria-invalid', 'true')
    await page.getByLabel('Name', { exact: true }).fill(blue)
    await visitor.look('securitykeys-name')
    await page.getByRole('button', { name: 'Next' }).click()
    await expect(page.getByText('if you cannot use your security key')).toBeVisible()
    await page.getByLabel('I have saved them').check()
    await page.getByRole('button', { name: 'Register security key' }).click()
    await expect(page.getByText('Tap your security key')).toBeVisible()
    await visitor.look('securitykeys-tap')
    await key.touched(true)
    // What waits for a touch already is begun anew.
    await page.getByRole('button', { name: 'Cancel' }).click()
    await expect(page.getByRole('button', { name: 'Set up security key' })).toBeVisible()
    await register(page, blue, true)
    await expect(page.getByText('2-factor authentication is on')).toBeVisible()
    await visitor.look('securitykeys-on')
    await page.getByRole('button', { name: 'Sign out and test it' }).click()

    await key.touched(false)
    await password(page, newcomer)
    await expect(page.getByText('Tap your security key')).toBeVisible()
    await visitor.look('securitykeys-second')
    await page.getByRole('button', { name: 'Cancel' }).click()
    await expect(page.getByText('No key was used')).toBeVisible()
    await expect(page.getByRole('button', { name: 'Try again' })).toBeFocused()
    await visitor.look('securitykeys-cancelled')
    await waitsASecond(page, '**/api/v1/session/security-key', 1)
    await page.getByRole('button', { name: 'Try again' }).click()
    await expect(page.getByText('The time was over')).toBeVisible()
    await visitor.look('securitykeys-late')
    await page.getByRole('button', { name: 'Use a recovery code instead' }).click()
    await expect(page.getByLabel('Recovery code', { exact: true })).toBeFocused()
    await key.touched(true)
    await page.getByRole('button', { name: 'Use a security key instead' }).click()
    await inside(page)
    await visitor.leave()
  })
})

test('a list of keys: add, rename, remove, and what has to stay', async ({ browser }) => {
  test.setTimeout(240_000)
  await named(async (url, people) => {
    const newcomer = newcomerOf(people)
    const [visitor, first] = await enrolled(browser, url, newcomer)
    const { page } = visitor
    await page.getByRole('button', { name: 'Show 2-factor authentication' }).click()
    await expect(page.getByRole('heading', { name: blue })).toBeVisible()
    await expect(page.getByText(/Works at http:\/\/localhost/)).toBeVisible()
    await expect(page.getByText('Add an authenticator app, too')).toBeVisible()
    const stay = page.getByRole('button', { name: `Remove ${blue}` })
    await stay.press('Enter')
    await expect(page.getByRole('dialog')).toHaveCount(0)
    await expect(stay).toHaveAttribute('aria-disabled', 'true')
    await expect(stay).toHaveAccessibleDescription(/only method cannot be removed/)
    await visitor.look('securitykeys-one')

    await register(page, 'Green key')
    await expect(page.getByText('This key is registered already')).toBeVisible()
    await visitor.look('securitykeys-already')
    const insertFirst = await first.unplug()
    const second = await VirtualKey.plug(page)
    await page.getByRole('button', { name: 'Try again' }).click()
    await expect(page.getByText('The security key Green key was added')).toBeVisible()
    await page.getByRole('button', { name: 'Show 2-factor authentication' }).click()

    await page.getByRole('button', { name: 'Rename Green key' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Name', { exact: true }).fill(blue)
    await dialog.getByRole('button', { name: 'Rename' }).click()
    await expect(dialog.getByText(/already|taken|another/i).first()).toBeVisible()
    await dialog.getByLabel('Name', { exact: true }).fill('Key in the safe')
    await visitor.look('securitykeys-rename')
    await dialog.getByRole('button', { name: 'Rename' }).click()
    await expect(page.getByRole('heading', { name: 'Key in the safe' })).toBeVisible()
    await visitor.look('securitykeys-two')
    await page.evaluate(() => localStorage.setItem('gatehouse.language', 'de'))
    await page.reload()
    await expect(page.getByRole('heading', { name: 'Key in the safe' })).toBeVisible()
    await visitor.look('securitykeys-two-de')
    await page.evaluate(() => localStorage.setItem('gatehouse.language', 'en'))
    await page.reload()

    // Whoever looks after users sees what there is, and no more.
    const boss = await Visitor.arrive(browser, url)
    await password(boss.page, people['anna']!)
    await boss.page
      .getByLabel('Six-digit code')
      .pressSequentially(await new Authenticator(people['anna']!.authenticatorKey!).code())
    await inside(boss.page)
    const list = (await (await boss.page.request.get(`${url}/api/v1/users?limit=100`)).json()) as {
      entities: { id: string; login: string }[]
    }
    const { id } = list.entities.find((user) => user.login === newcomer.login)!
    await boss.page.goto(`${url}#/users/${id}`)
    await expect(boss.page.getByText('Key in the safe')).toBeVisible()
    await expect(boss.page.getByText(blue)).toBeVisible()
    await boss.page.getByText('Key in the safe').scrollIntoViewIfNeeded()
    await boss.look('securitykeys-user')
    await boss.page.goto(`${url}#/settings/address`)
    await boss.page.getByLabel('Address', { exact: true }).fill('https://gate.example.com')
    await expect(
      boss.page.getByText(/registered at localhost will not work under another name/),
    ).toBeVisible()
    await boss.look('securitykeys-moving')
    await boss.page.getByLabel('Address', { exact: true }).fill(url)
    await expect(boss.page.getByText(/will not work under another name/)).toHaveCount(0)
    await boss.leave()

    // The proof is the second key's: it is the one that is inserted.
    await lapsed(page, '**/api/v1/profile/security-keys/*')
    await second.touched(false)
    await page.getByRole('button', { name: `Remove ${blue}` }).click()
    await page.getByRole('button', { name: 'Remove it' }).click()
    const proof = page.getByRole('dialog', { name: 'Please show that it is you' })
    await expect(proof.getByText('Tap your security key')).toBeVisible()
    await visitor.look('securitykeys-proof')
    await proof.getByRole('button', { name: 'Use a recovery code instead' }).click()
    await expect(proof.getByRole('textbox', { name: 'Password' })).toBeFocused()
    await second.touched(true)
    await proof.getByRole('button', { name: 'Use a security key instead' }).click()
    await expect(page.getByText('The security key was removed.')).toBeVisible()
    await expect(page.getByText(/to confirm an act/)).toBeVisible()
    await choose(page, 'Show profile')
    await expect(page.getByText(/1 security key/)).toBeVisible()

    await choose(page, 'Sign out')
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click()
    await inside(page)

    await choose(page, 'Sign out')
    const insertSecond = await second.unplug()
    await insertFirst()
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click()
    await expect(page.getByText('This passkey did not sign you in.')).toBeVisible()
    await visitor.look('securitykeys-refused')
    await page.getByRole('button', { name: 'Use login and password instead' }).click()
    await password(page, newcomer)
    await expect(page.getByText('No key was used')).toBeVisible()

    await first.unplug()
    await insertSecond()
    await second.setCounter(1)
    await page.getByRole('button', { name: 'Try again' }).click()
    await expect(page.getByText(/it may have been copied/)).toBeVisible()
    await visitor.look('securitykeys-copied')
    visitor.forgetRefusals()
    await visitor.leave()
  })
})

test('where no key works, the page says why', async ({ browser }) => {
  test.setTimeout(120_000)
  await served(async (gate, { anna }) => {
    const visitor = await Visitor.arrive(browser, gate.url)
    const { page } = visitor
    await expect(page.getByLabel('Login')).toBeVisible()
    await expect(page.getByRole('button', { name: 'Sign in with a passkey' })).toHaveCount(0)
    await page.getByText('Why not with a passkey?').click()
    await expect(page.getByText(/opened by an IP address/)).toBeVisible()
    await visitor.look('securitykeys-address')
    await password(page, anna!)
    await page
      .getByLabel('Six-digit code')
      .pressSequentially(await new Authenticator(anna!.authenticatorKey!).code())
    await inside(page)
    await choose(page, '2-factor authentication')
    const setUp = page.getByRole('button', { name: 'Set up security key' })
    await expect(setUp).toBeDisabled()
    await expect(setUp).toHaveAccessibleDescription(/opened by an IP address/)
    await visitor.look('securitykeys-closed')
    await visitor.leave()
  })
})

test('a real browser without any key: the wait ends, and can begin again', async ({ browser }) => {
  test.setTimeout(60_000)
  await named(async (url, _, gate) => {
    // Under another name of the same Gate there is no use in trying.
    const stranger = await Visitor.arrive(browser, gate.url)
    await stranger.page.getByText('Why not with a passkey?').click()
    await expect(stranger.page.getByText('Open http://localhost to use one.')).toBeVisible()
    await expect(stranger.page.getByRole('button', { name: 'Sign in with a passkey' })).toHaveCount(0)
    await stranger.leave()

    const visitor = await Visitor.arrive(browser, url)
    const { page } = visitor
    await waitsASecond(page, '**/api/v1/session/passkey')
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click()
    await expect(page.getByText('Tap your security key')).toBeVisible()
    await expect(page.getByText('The time was over')).toBeVisible()
    // What was begun is really over: a browser does only one at a time, and would say so.
    await page.getByRole('button', { name: 'Try again' }).click()
    await expect(page.getByText('Tap your security key')).toBeVisible()
    await expect(page.getByText('The time was over')).toBeVisible()
    await visitor.leave()
  })
})

test('a certificate that was clicked away is named as what is wrong', async () => {
  test.setTimeout(60_000)
  const port = await freePort()
  const url = `https://gate.example:${port}`
  const folder = await mkdtemp(join(tmpdir(), 'gatehouse-cert-'))
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
  const how = '-x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=gate.example'
  await run('openssl', [
    'req',
    ...how.split(' '),
    '-addext',
    'subjectAltName=DNS:gate.example',
    '-keyout',
    key,
    '-out',
    cert,
  ])
  const browser = await playwright.launch({
    ...chromium,
    args: [...(chromium.args ?? []), '--host-resolver-rules=MAP gate.example 127.0.0.1'],
  })
  try {
    await served(
      async () => {
        const page = await (await browser.newContext({ ignoreHTTPSErrors: true })).newPage()
        await page.goto(url)
        await page.getByRole('button', { name: 'Sign in with a passkey' }).click()
        await expect(page.getByText('The certificate of this site is not trusted')).toBeVisible()
        await page.screenshot({ path: picturePath('securitykeys-certificate') })
      },
      ...['--listen', `127.0.0.1:${port}`, '--public-url', url, '--tls-cert', cert, '--tls-key', key],
    )
  } finally {
    await browser.close()
    await rm(folder, { recursive: true })
  }
})
