// The Gate: which doors are open, what passes through, how a program connects, and
// what the registrar is shown.

import { writeFile } from 'node:fs/promises'
import { expect, test, type Page } from '@playwright/test'
import { Gate } from '../lib/gate.ts'
import { Home, picturePath } from '../lib/place.ts'
import { askLines, Registrar } from '../lib/registrar.ts'
import { signIn } from '../lib/signin.ts'
import { Visitor } from '../lib/visitor.ts'

const region = (page: Page, name: string) => page.getByRole('region', { name, exact: true })
const menu = (page: Page) => page.getByRole('navigation')

/** figure is a number of the screen, whatever stands around it. */
const figure = (page: Page, where: string, label: string) =>
  region(page, where).locator('dl > div', { hasText: label }).locator('dd')

/** keyFor makes a key for somebody at the command line. */
async function keyFor(gate: Gate, login: string, description: string, ...more: string[]): Promise<string> {
  const { entities } = JSON.parse(await gate.command('users', 'list', '--json')) as {
    entities: { id: string; login: string }[]
  }
  const user = entities.find((one) => one.login === login)!.id
  const made = JSON.parse(
    await gate.command('keys', 'create', '--user', user, '--description', description, ...more, '--json'),
  ) as { secret: string }
  return made.secret
}

/** inGerman keeps a picture of all of a page in German. */
async function inGerman(page: Page, name: string, seen: string): Promise<void> {
  const speak = async (language: string) => {
    await page.evaluate((value) => localStorage.setItem('gatehouse.language', value), language)
    await page.reload()
  }
  await speak('de')
  await expect(page.getByText(seen).first()).toBeVisible()
  await page.screenshot({ path: picturePath(`${name}-german`), animations: 'disabled' })
  await page.locator('main').evaluate((main) => main.scrollTo(0, main.scrollHeight))
  await page.screenshot({ path: picturePath(`${name}-german-end`), animations: 'disabled' })
  await speak('en')
}

test('the operator sees what passes through the doors', async ({ browser }) => {
  test.setTimeout(240_000)
  const lists = await Home.make()
  const registrar = await Registrar.start()
  await writeFile(lists.in('names.txt'), '.be\nexample.be\n')
  const gate = await Gate.start(
    36,
    ...[
      '--upstream',
      registrar.url,
      '--upstream',
      `list:${lists.in('names.txt')}`,
      '--isproxy',
      '127.0.0.1:0',
    ],
  )
  try {
    const [operator] = await gate.ways()
    const anna = await signIn(browser, gate, operator!)
    await expect(anna.page.getByRole('link', { name: 'Gate', exact: true }).first()).toBeVisible()
    await expect(anna.page.getByText(`The doors are open: ${gate.url}`)).toBeVisible()
    await setsCredential(anna, registrar)
    await seesDoors(anna, gate)
    const key = await keyFor(
      gate,
      operator!.login,
      'Gate <b>check</b>',
      '--channels',
      'API',
      '--channels',
      'ISPROXY',
      '--permissions',
      'VIEW_DOMAIN,VIEW_PROCESS,CHECK_DOMAIN',
    )
    await passesThrough(anna, gate, key)
    await asks(anna)
    await sets(anna, lists)
    await inGerman(anna.page, 'gate', 'Die Türen, durch die Programme hereinkommen')
    anna.forgetRefusals()
    await anna.leave()
  } finally {
    await registrar.stop()
    await lists.remove()
    expect(await gate.stop()).toBe('code 0')
  }
})

async function setsCredential(anna: Visitor, registrar: Registrar): Promise<void> {
  const { page } = anna
  await menu(page).getByRole('link', { name: 'Settings', exact: true }).click()
  const panel = region(page, 'The registrar’s API Not set')
  await expect(panel.getByText('Your programs get no answer from the gateway')).toBeVisible()
  await panel.getByLabel('Credential of the registrar').fill('short')
  await panel.getByRole('button', { name: 'Set credential' }).click()
  await expect(panel.getByText('This is too short.')).toBeVisible()
  anna.forgetRefusals()
  await panel.getByLabel('Credential of the registrar').fill(`${registrar.credential.slice(0, -2)}x=`)
  await panel.getByRole('button', { name: 'Set credential' }).click()
  const set = region(page, 'The registrar’s API Set')
  await expect(set.getByText('not since it was set')).toBeVisible()
  await expect(set.getByLabel('New credential')).toHaveValue('')
  await set.getByRole('button', { name: 'Try' }).click()
  await expect(set.getByText('The registrar answered, and refused the credential.')).toBeVisible()
  await expect(set.getByText('refused the credential (status 401)')).toBeVisible()
  await set.getByLabel('New credential').fill(registrar.credential)
  await set.getByRole('button', { name: 'Set credential' }).click()
  await expect(set.getByText('not since it was set')).toBeVisible()
  await set.getByRole('button', { name: 'Try' }).click()
  await expect(set.getByText('The registrar answered, and took the credential.')).toBeVisible()
  await expect(page.locator('body')).not.toContainText(registrar.credential)
  await set.scrollIntoViewIfNeeded()
  await anna.look('gate-credential')
  await set.getByRole('button', { name: 'Remove' }).click()
  await expect(page.getByRole('dialog').getByText('your programs get no answer')).toBeVisible()
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click()
  await inGerman(page, 'gate-credential', 'Die API des Registrars')
}

async function seesDoors(anna: Visitor, gate: Gate): Promise<void> {
  const { page } = anna
  await expect(menu(page).getByRole('link', { name: 'Gate', exact: true })).toBeVisible()
  await page.keyboard.press('g')
  await page.keyboard.press('g')
  await expect(page.getByRole('heading', { name: 'Gate', level: 1 })).toBeVisible()
  await expect(region(page, 'REST and browsers').getByText(gate.url, { exact: true })).toBeVisible()
  await expect(region(page, 'API gateway').getByText(`${gate.url}/v2/`)).toBeVisible()
  await expect(region(page, 'API gateway').getByText('1 account has a credential for it.')).toBeVisible()
  await expect(region(page, 'ISProxy').getByText(gate.isproxy())).toBeVisible()
  await expect(figure(page, 'Through the gateway', 'Calls')).toHaveText('0')
  await expect(page.getByText('In the last hour no call came.').first()).toBeVisible()
  await expect(page.getByRole('button', { name: 'Open the doors' })).toHaveCount(0)
  await anna.look('gate-quiet')
}

async function passesThrough(anna: Visitor, gate: Gate, key: string): Promise<void> {
  const { page } = anna
  const call = async (path: string, shown = key) =>
    (await fetch(gate.url + path, { headers: { Authorization: `ApiKey ${shown}` } })).status
  expect(await call('/v2/domains/example.be')).toBe(200)
  expect(await call('/v2/domains/example.be')).toBe(200)
  expect(await call('/v2/contacts/harbour')).not.toBe(200)
  expect(await call('/v2/nothing')).toBe(404)
  expect(await call('/v2/domains/example.be', `${key.slice(0, -1)}-`)).toBe(401)
  const said = await askLines(gate.isproxy(), `LOGIN ${key}`, 'IS example.be', 'IS free.be', 'QUIT')
  expect(said.sort()).toEqual(['100 Login ok', 'example.be not available', 'free.be available'])
  expect(await askLines(gate.isproxy(), 'LOGIN gate_nothing', 'QUIT')).toEqual(['400 Login failed'])
  await expect(figure(page, 'Through the gateway', 'Calls')).toHaveText('5')
  await expect(figure(page, 'Through the gateway', 'Answered by the registrar')).toHaveText('2')
  await expect(figure(page, 'Through the gateway', 'Refused here')).toHaveText('3')
  await expect(region(page, 'Through the gateway').getByText('Route is not in the profile')).toBeVisible()
  await expect(
    region(page, 'Through the gateway').getByRole('img', { name: /^In the last hour: 5 calls/ }),
  ).toBeVisible()
  await expect(figure(page, 'Through ISProxy', 'Questions')).toHaveText('2')
  await expect(figure(page, 'Through ISProxy', 'Let in')).toHaveText('1')
  await expect(figure(page, 'Through ISProxy', 'Refused at LOGIN')).toHaveText('1')
  await region(page, 'Through the gateway').scrollIntoViewIfNeeded()
  await anna.look('gate-figures')
  await region(page, 'How a program connects').scrollIntoViewIfNeeded()
  await expect(page.getByText(`${gate.url}/v2/domains`)).toBeVisible()
  await page.getByText('By minute, as a table').click()
  await expect(page.getByRole('columnheader', { name: 'Minute from' })).toBeVisible()
}

/** asks what the doors would say of a key. */
async function asks(anna: Visitor): Promise<void> {
  const { page } = anna
  const box = region(page, 'What would this key be allowed to do from this address?')
  await box.getByRole('combobox', { name: 'Key' }).fill('Gate')
  await page.getByRole('option', { name: /Gate <b>check<\/b>/ }).click()
  await box.getByLabel('From the address').fill('198.51.100.9')
  await box.getByRole('button', { name: 'Test' }).click()
  await expect(box.getByText('It would be allowed.')).toBeVisible()
  await box.scrollIntoViewIfNeeded()
  await anna.look('gate-try')
}

/** sets what doors open with from now on; what is wrong is said at once, and changes nothing. */
async function sets(anna: Visitor, lists: Home): Promise<void> {
  const { page } = anna
  const form = region(page, 'What the doors open with')
  await form.getByLabel('Address of the registrar’s API').fill('http://api.registrar.example')
  await form
    .getByLabel('Sources of ISProxy’s answers')
    .fill(`list:${lists.in('names.txt')}\n\nnonsense\nlist:/nowhere`)
  await form.getByRole('button', { name: 'Save' }).click()
  await expect(form.getByText('2 fields need your attention.')).toBeVisible()
  await expect(form.getByText('Check line 3, 4.')).toBeVisible()
  anna.forgetRefusals()
  await anna.look('gate-set-wrong')
  await form.getByLabel('Address of the registrar’s API').fill('https://api.registrar.example')
  await form.getByLabel('Sources of ISProxy’s answers').fill('isproxy://is.registrar.example')
  await form.getByRole('button', { name: 'Save' }).click()
  await expect(form.getByText('This is required.')).toBeVisible()
  anna.forgetRefusals()
  await form.getByLabel('Key for the other ISProxy').fill('open-sesame')
  await form.getByRole('button', { name: 'Save' }).click()
  await expect(page.getByText('Doors that are open stay as they are')).toBeVisible()
  await expect(form.getByLabel('Key for the other ISProxy')).toHaveValue('')
  await page.reload()
  await expect(form.getByLabel('Sources of ISProxy’s answers')).toHaveValue('isproxy://is.registrar.example')
}

test('whoever may not see the Gate is told why', async ({ browser }) => {
  const gate = await Gate.start(36)
  try {
    const tom = (await gate.ways()).find(({ login }) => login === 'tom')!
    const visitor = await signIn(browser, gate, tom)
    await expect(menu(visitor.page).getByRole('link', { name: 'Gate', exact: true })).toHaveCount(0)
    await visitor.page.goto(`${gate.url}/#/gate`)
    await expect(visitor.page.getByText('You may not see the Gate')).toBeVisible()
    await visitor.leave()
  } finally {
    expect(await gate.stop()).toBe('code 0')
  }
})
