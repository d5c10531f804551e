// API keys: what people see of them, how one comes into being, is shown once, and ends.

import { expect, test, type Page } from '@playwright/test'
import { Gate } from '../lib/gate.ts'
import { signIn } from '../lib/signin.ts'
import type { Visitor } from '../lib/visitor.ts'

const dialog = (page: Page) => page.getByRole('dialog')
const form = (page: Page) => page.getByRole('main').locator('form')
const next = (page: Page) => form(page).getByRole('button', { name: 'Next' })
const row = (page: Page, name: string) => page.getByRole('row', { name })
const hostile = 'Shop <img src=x onerror=alert(1)>'

/** answer is how the Gate answers a program that shows a key. */
async function answer(gate: Gate, key: string): Promise<number> {
  const { status } = await fetch(`${gate.url}/api/v1/users?limit=1`, {
    headers: { Authorization: `ApiKey ${key}` },
  })
  return status
}

async function toKeys(page: Page): Promise<void> {
  await page.getByRole('navigation').getByRole('link', { name: 'API keys', exact: true }).click()
  await expect(page.getByRole('heading', { name: 'API keys', level: 1 })).toBeVisible()
}

async function speak(page: Page, language: string): Promise<void> {
  await page.evaluate((value) => localStorage.setItem('gatehouse.language', value), language)
  await page.reload()
}

test('an administrator sees how every key stands', async ({ browser }) => {
  test.setTimeout(240_000)
  const gate = await Gate.start(36)
  try {
    const [operator] = await gate.ways()
    const anna = await signIn(browser, gate, operator!)
    await isPointedThere(anna)
    await looksThrough(anna)
    await searches(anna)
    await looksAtOne(anna)
    await asksForIt(anna)
    await inGerman(anna)
    await anna.leave()
  } finally {
    expect(await gate.stop()).toBe('code 0')
  }
})

async function isPointedThere(anna: Visitor): Promise<void> {
  const { page } = anna
  await expect(page.getByRole('link', { name: '1 API key was not used for 90 days' })).toBeVisible()
  await expect(page.getByRole('link', { name: '1 API key was never used' })).toBeVisible()
  await page.getByRole('link', { name: '1 API key expires within 14 days' }).click()
  await expect(page.getByText('1 key', { exact: true })).toBeVisible()
  await expect(row(page, 'Web shop').getByText('expires in 5 days')).toBeVisible()
}

async function looksThrough(anna: Visitor): Promise<void> {
  const { page } = anna
  await toKeys(page)
  await expect(page.getByText('4 keys', { exact: true })).toBeVisible()
  await anna.look('keys-mine')
  await page.getByRole('button', { name: 'Everybody’s' }).click()
  await expect(page.getByText('8 keys', { exact: true })).toBeVisible()
  await expect(row(page, 'Old status page').getByText('not used for 90 days')).toBeVisible()
  await expect(row(page, 'DNS experiment').getByText('never used')).toBeVisible()
  await expect(page.getByText(/^old key, ends in (19|20) h$/)).toBeVisible()
  await expect(row(page, 'Certificate trial').getByText('over', { exact: true })).toBeVisible()
  await expect(row(page, 'Search box').getByRole('img', { name: /uses in 30 days/ })).toBeVisible()
  await expect(page.getByRole('button', { name: '1 key expires within 14 days' })).toBeVisible()
  await anna.look('keys-all')
  await page.getByRole('button', { name: 'Last day' }).click()
  await expect(page.locator('[data-row="0"]')).toContainText('Certificate trial')
  await page.getByRole('button', { name: /^Nightly domain report/ }).click()
  await expect(page.getByText('See domains and their details.')).toBeVisible()
  await page.getByRole('link', { name: 'Open the key' }).scrollIntoViewIfNeeded()
  await anna.look('keys-open-row')
  await page.getByRole('button', { name: '1 key was not used for 90 days' }).click()
  await expect(page.getByText('1 key', { exact: true })).toBeVisible()
  expect(page.url()).toContain('show=stale')
  await anna.look('keys-stale')
}

async function searches(anna: Visitor): Promise<void> {
  const { page } = anna
  await page.getByRole('button', { name: 'Clear filters' }).click()
  // Whoever pastes a whole key looks for its beginning, and the address shows no more.
  const tag = (await row(page, 'Search box').getByText(/gate_/).textContent())!.trim().replace('…', '')
  await page.getByRole('searchbox').fill(`${tag}${'x'.repeat(43)}`)
  await expect(page.getByText('1 key', { exact: true })).toBeVisible()
  await expect(row(page, 'Search box')).toBeVisible()
  expect(page.url()).not.toContain('xxx')
  await page.getByRole('searchbox').fill('nothing like 100% <b>')
  await expect(page.getByRole('heading', { name: 'No key fits' })).toBeVisible()
  await anna.look('keys-no-match')
  await page.getByRole('button', { name: 'Clear filters' }).first().click()
  await expect(page.getByText('8 keys', { exact: true })).toBeVisible()
  await page.getByRole('button', { name: 'Mine' }).click()
}

async function looksAtOne(anna: Visitor): Promise<void> {
  const { page } = anna
  await page.getByRole('button', { name: /^Web shop/ }).click()
  await page.getByRole('link', { name: 'Open the key' }).click()
  await expect(page.getByRole('heading', { name: 'Web shop', level: 1 })).toBeVisible()
  await expect(page.getByText('May spend money on this: register domains. Not otherwise.')).toBeVisible()
  await expect(page.getByText('Only for domains that end in .be, .eu, and .nl.')).toBeVisible()
  await expect(page.getByRole('img', { name: /uses in 30 days/ })).toBeVisible()
  await anna.look('key')
  await page.getByText('As a table').click()
  await expect(page.getByRole('columnheader', { name: 'Day (UTC)' })).toBeVisible()
}

async function asksForIt(anna: Visitor): Promise<void> {
  const { page } = anna
  const test = (text: string) => expect(form(page).getByText(text)).toBeVisible()
  const ask = () => form(page).getByRole('button', { name: 'Test', exact: true }).click()
  await form(page).getByLabel('From the address').fill('198.51.100.7')
  await ask()
  await test('It would be allowed.')
  await form(page).getByLabel('From the address').fill('203.0.113.9')
  await ask()
  await test('The IP rules of the key, or of its user, do not hold this address.')
  await form(page).getByLabel('From the address').fill('198.51.100.7')
  await form(page).getByLabel('Permission').selectOption('CREATE_DOMAIN')
  await form(page).getByLabel('On the domain').fill('example.com')
  await ask()
  await test('The key is not for this domain.')
  await form(page).getByRole('button', { name: 'Test', exact: true }).scrollIntoViewIfNeeded()
  await anna.look('key-test')
  await form(page).getByLabel('On the domain').fill('http://x')
  await form(page).getByLabel('From the address').fill('here')
  await ask()
  await expect(form(page).locator('[aria-invalid=true]')).toHaveCount(2)
  anna.forgetRefusals()
}

async function inGerman(anna: Visitor): Promise<void> {
  const { page } = anna
  await speak(page, 'de')
  await expect(page.getByText('Darf hierfür Geld ausgeben: Domains registrieren. Sonst nicht.')).toBeVisible()
  await expect(page.getByRole('img', { name: /Aufrufe in 30 Tagen/ })).toBeVisible()
  await anna.look('key-german')
  await page.getByRole('navigation').getByRole('link', { name: 'API-Schlüssel', exact: true }).click()
  await page.getByRole('button', { name: 'Alle des Kontos' }).click()
  await expect(page.getByText('8 Schlüssel', { exact: true })).toBeVisible()
  await anna.look('keys-german')
  await page.getByRole('link', { name: 'API-Schlüssel anlegen' }).click()
  await form(page).getByLabel('Beschreibung').fill('Rechnungslauf')
  await anna.look('key-new-german')
  await form(page).getByRole('button', { name: 'Weiter' }).click()
  await expect(
    form(page).getByRole('checkbox', { name: 'Domains und ihre Einzelheiten sehen.' }),
  ).toBeChecked()
  await anna.look('key-new-permissions-german')
  await form(page).getByRole('button', { name: 'Weiter' }).click()
  await form(page).getByRole('button', { name: 'Nur diese' }).click()
  await anna.look('key-new-limits-german')
  // What was typed is asked about before it is lost.
  await page.getByRole('navigation').getByRole('link', { name: 'API-Schlüssel', exact: true }).click()
  await page.getByRole('button', { name: 'Verlassen' }).click()
  await page.getByRole('button', { name: 'Web shop löschen' }).click()
  await expect(dialog(page).getByRole('button', { name: 'Ich habe verstanden' })).toBeVisible()
  await anna.look('key-delete-german')
  await page.keyboard.press('Escape')
  await speak(page, 'en')
}

test('somebody makes a key, sees it once, and ends it', async ({ browser }) => {
  test.setTimeout(300_000)
  const gate = await Gate.start(12)
  try {
    const [operator] = await gate.ways()
    const anna = await signIn(browser, gate, operator!)
    await beginsWithAJob(anna)
    await choosesPermissions(anna)
    await isToldWhatIsWrong(anna)
    const key = await seesItOnce(anna, gate)
    const second = await rotates(anna, gate, key)
    await narrows(anna)
    await cuts(anna, gate, second)
    await deletes(anna, gate, key)
    await anna.leave()
    expect(await gate.command('audit', 'verify')).toContain('intact')
  } finally {
    expect(await gate.stop()).toBe('code 0')
  }
})

async function beginsWithAJob(anna: Visitor): Promise<void> {
  const { page } = anna
  await toKeys(page)
  await page.getByRole('link', { name: 'Create API-key' }).click()
  await expect(form(page).getByRole('combobox', { name: 'User' })).toHaveValue('Anna Peeters')
  await anna.look('key-new')
  await next(page).click()
  await expect(form(page).getByLabel('Description')).toBeFocused()
  await expect(form(page).getByText('This is required.')).toBeVisible()
  await form(page).getByLabel('Description').fill(hostile)
  await form(page).getByRole('radio', { name: 'Checks availability' }).check()
  await next(page).click()
  await expect(
    form(page).getByRole('checkbox', { name: 'Check whether a domain is available.' }),
  ).toBeChecked()
}

async function choosesPermissions(anna: Visitor): Promise<void> {
  const { page } = anna
  await form(page).getByRole('checkbox', { name: 'Renew domains.' }).check()
  await expect(form(page).getByText('Of little use without: VIEW_PROCESS, VIEW_DOMAIN')).toBeVisible()
  await anna.look('key-new-permissions')
  await form(page).getByRole('button', { name: 'Add these' }).click()
  await form(page).getByText('Users', { exact: true }).click()
  await form(page).getByRole('checkbox', { name: 'See the users of the account' }).check()
  await expect(page.getByRole('complementary', { name: 'In words' })).toContainText(
    'May read the progress of requests, domains, and users; renew domains; check whether domains are available.',
  )
  await next(page).click()
}

async function isToldWhatIsWrong(anna: Visitor): Promise<void> {
  const { page } = anna
  await form(page).getByRole('checkbox', { name: 'ISProxy' }).uncheck()
  await form(page).getByRole('button', { name: 'Only these' }).click()
  await form(page).getByLabel('Domain or pattern').fill('https://example.be/')
  await form(page).getByLabel('Address or range').fill('010.0.0.1')
  await form(page).locator('input[type=date]').fill('2020-01-01')
  await next(page).click()
  await expect(form(page).getByText('4 fields need your attention.')).toBeVisible()
  await anna.look('key-new-wrong')
  await form(page).getByRole('checkbox', { name: 'API', exact: true }).check()
  await form(page).getByLabel('Domain or pattern').fill('*.BE')
  await form(page).getByLabel('Domain or pattern').press('Enter')
  await expect(form(page).getByText('every name that ends in .be', { exact: true })).toBeVisible()
  await form(page).getByLabel('Address or range').fill('')
  await form(page).getByRole('button', { name: 'Add mine: 127.0.0.1' }).click()
  await form(page).getByRole('button', { name: '1 year' }).click()
  await anna.look('key-new-limits')
  await next(page).click()
  await expect(form(page).getByText('Only for domains that end in .be.')).toBeVisible()
  await expect(form(page).getByText('Only from 127.0.0.1.')).toBeVisible()
  await expect(form(page).getByText(hostile)).toBeVisible()
  await anna.look('key-new-check')
  // What stands behind can be looked at again, and nothing is lost.
  await page.getByRole('button', { name: 'Limits' }).click()
  await expect(form(page).getByText('every name that ends in .be', { exact: true })).toBeVisible()
  await next(page).click()
}

async function seesItOnce(anna: Visitor, gate: Gate): Promise<string> {
  const { page } = anna
  await form(page).getByRole('button', { name: 'Create API-key' }).click()
  const box = dialog(page).locator('[data-secret]')
  await expect(box).toHaveText(/^gate_[0-9A-Za-z]{49}$/)
  const key = (await box.textContent())!
  await anna.look('key-secret')
  await page.keyboard.press('Escape')
  await expect(page.getByText('Once closed, it cannot be shown again.')).toBeVisible()
  await anna.look('key-secret-asked')
  await dialog(page).last().getByRole('button', { name: 'Back' }).click()
  await expect(box).toBeVisible()
  // It is greyed, and says why when it is tried all the same.
  await dialog(page).locator('footer').getByRole('button', { name: 'Close' }).click({ force: true })
  await expect(dialog(page).getByText('Copy or save the key first')).toBeVisible()
  const download = page.waitForEvent('download')
  await dialog(page).getByRole('button', { name: 'Save' }).click()
  expect((await download).suggestedFilename()).toMatch(/^api-key-gate-\w{6}\.txt$/)
  await dialog(page).getByRole('checkbox', { name: 'I have saved it' }).check()
  await dialog(page).locator('footer').getByRole('button', { name: 'Close' }).click()
  await expect(page.getByRole('heading', { name: hostile, level: 1 })).toBeVisible()
  await isForgotten(page, key)
  expect(await answer(gate, key)).toBe(200)
  return key
}

/** isForgotten looks for a key in everything that a page has and keeps. */
async function isForgotten(page: Page, key: string): Promise<void> {
  const kept = await page.evaluate(() => [
    document.documentElement.outerHTML,
    ...[...document.querySelectorAll('input, textarea')].map((one) => (one as HTMLInputElement).value),
    JSON.stringify({ ...localStorage }),
    JSON.stringify({ ...sessionStorage }),
    location.href,
    JSON.stringify(history.state),
  ])
  expect(kept.join('\n')).not.toContain(key.slice(11))
}

async function rotates(anna: Visitor, gate: Gate, key: string): Promise<string> {
  const { page } = anna
  await page.getByRole('button', { name: 'Rotate', exact: true }).click()
  await expect(dialog(page).getByText(/^The old key ends on/)).toBeVisible()
  await anna.look('key-rotate')
  await dialog(page).getByRole('textbox').fill('721')
  await dialog(page).getByRole('button', { name: 'Rotate', exact: true }).click()
  await expect(dialog(page).getByRole('textbox')).toHaveAttribute('aria-invalid', 'true')
  await dialog(page).getByRole('button', { name: '1 hour' }).click()
  await dialog(page).getByRole('button', { name: 'Rotate', exact: true }).click()
  const second = (await dialog(page).locator('[data-secret]').textContent())!
  expect(second).not.toBe(key)
  await anna.look('key-rotated-secret')
  await dialog(page).getByRole('checkbox', { name: 'I have saved it' }).check()
  await page.keyboard.press('Escape')
  await expect(page.getByText('This is the old key.')).toBeVisible()
  await isForgotten(page, second)
  // Both work, until the old one ends.
  expect([await answer(gate, key), await answer(gate, second)]).toEqual([200, 200])
  await expect(page.getByText(/old key, ends in 1 h/)).toBeVisible()
  await expect(page.getByText('This key has a successor already.')).toBeVisible()
  await anna.look('key-old')
  await page.getByRole('link', { name: 'To the new key' }).click()
  await expect(page.getByText('This is the old key.')).toBeHidden()
  return second
}

async function narrows(anna: Visitor): Promise<void> {
  const { page } = anna
  await page.getByRole('button', { name: 'Rename or narrow' }).click()
  await expect(dialog(page).getByRole('checkbox', { name: 'ISProxy' })).toBeDisabled()
  await expect(dialog(page).getByRole('checkbox', { name: 'Renew domains.' })).toBeChecked()
  await expect(dialog(page).getByRole('checkbox', { name: 'Delete domains.' })).toBeDisabled()
  await anna.look('key-narrow')
  await dialog(page).getByLabel('Domain or pattern').fill('example.com')
  await dialog(page).getByLabel('Domain or pattern').press('Enter')
  await expect(dialog(page).getByText('This is not allowed here.')).toBeVisible()
  await dialog(page).getByLabel('Domain or pattern').fill('shop.be')
  await dialog(page).getByLabel('Domain or pattern').press('Enter')
  await dialog(page).getByRole('button', { name: 'Remove *.be' }).click()
  await dialog(page).getByRole('checkbox', { name: 'Renew domains.' }).uncheck()
  await dialog(page).getByLabel('Description').fill('Shop')
  await page.keyboard.press('Escape')
  await expect(page.getByText('What you have typed would be lost.').or(dialog(page).last())).toBeVisible()
  await dialog(page).last().getByRole('button', { name: 'Keep editing' }).click()
  await dialog(page).getByRole('button', { name: 'Save changes' }).click()
  await expect(page.getByText('Changes to Shop were saved.')).toBeVisible()
  await expect(page.getByText('May not spend money.')).toBeVisible()
  await expect(page.getByText('Only for shop.be.')).toBeVisible()
}

async function cuts(anna: Visitor, gate: Gate, key: string): Promise<void> {
  const { page } = anna
  await page.getByRole('button', { name: 'Cut now' }).click()
  await expect(dialog(page).getByText('This cannot be undone.')).toBeVisible()
  await anna.look('key-cut')
  await dialog(page).getByRole('button', { name: 'Cancel' }).click()
  expect(await answer(gate, key)).toBe(200)
  await page.getByRole('button', { name: 'Cut now' }).click()
  await dialog(page).getByRole('button', { name: 'Cut now' }).click()
  await expect(page.getByText('This key is over: whatever still shows it is refused.')).toBeVisible()
  expect(await answer(gate, key)).toBe(401)
  await anna.look('key-over')
}

async function deletes(anna: Visitor, gate: Gate, key: string): Promise<void> {
  const { page } = anna
  await page.getByRole('link', { name: 'All API keys' }).click()
  expect(await answer(gate, key)).toBe(200)
  await page.getByRole('button', { name: `Rotate ${hostile}` }).focus()
  await expect(page.getByText('This key has a successor already.').last()).toBeVisible()
  await page.getByRole('button', { name: `Delete ${hostile}` }).click()
  await expect(dialog(page).getByText('Open connections of the key are closed, too.')).toBeVisible()
  await anna.look('key-delete')
  await dialog(page).getByRole('button', { name: 'I understand, delete this API-key' }).click()
  await expect(page.getByText(`${hostile} was deleted.`)).toBeVisible()
  expect(await answer(gate, key)).toBe(401)
  await expect(row(page, hostile)).toHaveCount(0)
}

test('a program of its own gets a key, and a password comes back', async ({ browser }) => {
  test.setTimeout(240_000)
  const gate = await Gate.start(36)
  try {
    const [operator, colleague] = await gate.ways()
    const anna = await signIn(browser, gate, operator!)
    await makesOneForAProgram(anna)
    await reopens(anna, gate)
    await anna.leave()
    const tom = await signIn(browser, gate, colleague!)
    await isNotOpenTo(tom, gate)
    await tom.leave()
  } finally {
    expect(await gate.stop()).toBe('code 0')
  }
})

async function openUser(page: Page, name: string): Promise<void> {
  await page.getByRole('navigation').getByRole('link', { name: 'Users', exact: true }).click()
  await page.getByRole('searchbox').fill(name)
  await expect(page.getByText('1 user', { exact: true })).toBeVisible()
  await page.getByRole('table').getByText(name).first().click()
  await page.getByRole('link', { name: 'Open the user' }).click()
  await expect(page.getByRole('heading', { name, level: 1 })).toBeVisible()
}

async function makesOneForAProgram(anna: Visitor): Promise<void> {
  const { page } = anna
  await openUser(page, 'Domain search')
  const card = page.locator('section', { has: page.getByRole('heading', { name: 'API keys' }) })
  await expect(card.getByRole('link', { name: 'Search box' })).toBeVisible()
  await card.scrollIntoViewIfNeeded()
  await anna.look('key-user')
  await card.getByRole('link', { name: 'Create API-key' }).click()
  await expect(form(page).getByRole('combobox', { name: 'User' })).toHaveValue('Domain search')
  await expect(form(page).getByText('This is the first API key')).toHaveCount(0)
  await form(page).getByLabel('Description').fill('Bulk search')
  await form(page).getByRole('radio', { name: 'Checks availability' }).check()
  await next(page).click()
  // What the program does not hold nobody can give its key.
  await form(page).getByText('Users', { exact: true }).click()
  await expect(
    form(page).getByRole('checkbox', { name: 'Add, change, deactivate and delete users.' }),
  ).toBeDisabled()
  await expect(form(page).getByText('MANAGE_USER · Domain search does not hold this.')).toBeVisible()
  await form(page).getByText('MANAGE_USER · Domain search does not hold this.').scrollIntoViewIfNeeded()
  await anna.look('key-new-not-held')
  await next(page).click()
  await next(page).click()
  await form(page).getByRole('button', { name: 'Create API-key' }).click()
  await dialog(page).getByRole('checkbox', { name: 'I have saved it' }).check()
  await dialog(page).locator('footer').getByRole('button', { name: 'Close' }).click()
  await expect(page.getByText('An API key of Domain search')).toBeVisible()
  await expect(page.getByText('Works over ISProxy.')).toBeVisible()
}

async function reopens(anna: Visitor, gate: Gate): Promise<void> {
  const { page } = anna
  const card = page.locator('section', { has: page.getByRole('heading', { name: 'API keys' }) })
  await openUser(page, 'Noor El Amrani')
  await card.getByRole('link', { name: 'Create API-key' }).click()
  await expect(form(page).getByText('This is the first API key of Noor El Amrani.')).toBeVisible()
  await anna.look('key-first')
  const noor = new URLSearchParams(page.url().split('?')[1]).get('user')!
  await gate.command(
    'keys',
    'create',
    '--user',
    noor,
    '--description',
    'Books',
    '--channels',
    'API',
    '--permissions',
    'VIEW_CREDIT',
  )
  await openUser(page, 'Noor El Amrani')
  await expect(card.getByText('The password of this user no longer works')).toBeVisible()
  await expect(card.getByText('It cannot be let in again while there is an API key')).toBeVisible()
  await card.scrollIntoViewIfNeeded()
  await anna.look('key-password-shut')
  await card.getByRole('link', { name: 'API keys (1)' }).click()
  await expect(page.getByRole('button', { name: 'Not only those of Noor El Amrani' })).toBeVisible()
  await page.getByRole('button', { name: 'Delete Books' }).click()
  await dialog(page).getByRole('button', { name: 'I understand, delete this API-key' }).click()
  await expect(page.getByRole('heading', { name: 'No API keys yet' })).toBeVisible()
  await anna.look('keys-none')
  await openUser(page, 'Noor El Amrani')
  await card.getByRole('button', { name: 'Let the password work again' }).click()
  await dialog(page).getByRole('button', { name: 'Let the password work again' }).click()
  await expect(dialog(page).getByText('This is required.')).toBeVisible()
  await dialog(page).getByLabel('Reason').fill('An old program <b>')
  await anna.look('key-reopen')
  await dialog(page).getByRole('button', { name: 'Let the password work again' }).click()
  await expect(page.getByText('works on API and ISProxy again.')).toBeVisible()
  await expect(card.getByText('The password of this user no longer works')).toHaveCount(0)
}

async function isNotOpenTo(tom: Visitor, gate: Gate): Promise<void> {
  const { page } = tom
  await expect(page.getByRole('navigation').getByRole('link', { name: 'API keys', exact: true })).toHaveCount(
    0,
  )
  for (const path of ['/keys', '/keys/new']) {
    await page.goto(`${gate.url}/#${path}`)
    await expect(page.getByRole('heading', { name: 'API keys are not open to you' })).toBeVisible()
  }
  await tom.look('keys-not-open')
}
