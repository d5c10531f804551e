// Mail, texts, the outbox and the public address, as an operator sees them, with a mail server that answers and without.

import { expect, test, type Page } from '@playwright/test'
import { Gate } from '../lib/gate.ts'
import { MailServer } from '../lib/mailserver.ts'
import { picturePath } from '../lib/place.ts'
import { signIn } from '../lib/signin.ts'
import { SmsServer } from '../lib/smsserver.ts'
import type { Visitor } from '../lib/visitor.ts'

test('an operator sets up mail, and sees what became of it', async ({ browser }) => {
  test.setTimeout(180_000)
  const gate = await Gate.start(6)
  const server = await MailServer.start()
  try {
    const [operator] = await gate.ways()
    const anna = await signIn(browser, gate, operator!)
    const { page } = anna
    await go(page, 'settings/outbox')
    await expect(page.getByText('No messages yet')).toBeVisible()
    await anna.look('delivery-outbox-none')

    await setsUp(anna)
    await adds(page, 'Noor Nieuw', 'noor', () => anna.look('delivery-add'))
    await anna.look('delivery-mailed')
    await page.getByRole('dialog').getByRole('button', { name: 'Done' }).click()

    await connects(anna, server.port)
    for (const [name, login] of [
      ['Gone van Ginkel', 'gone'],
      ['Sofie Smit', 'sofie'],
    ] as const) {
      await adds(page, name, login)
      await page.getByRole('dialog').getByRole('button', { name: 'Done' }).click()
    }
    await expect.poll(() => server.mails.map(({ to }) => to)).toContain('sofie@harbour.example')
    await readsTheOutbox(anna)
    await issuesAnew(anna, server)
    await anna.leave()
  } finally {
    await server.stop()
    expect(await gate.stop()).toBe('code 0')
  }
})

test('an operator sets up SMS, texts and the public address', async ({ browser }) => {
  test.setTimeout(180_000)
  const gate = await Gate.start(6)
  const gateway = await SmsServer.start()
  try {
    const [operator] = await gate.ways()
    const anna = await signIn(browser, gate, operator!)
    await sendsBySms(anna, gateway.url)
    expect(gateway.texts.join()).toContain('470123456')
    await writesTexts(anna)
    await namesTheAddress(anna)
    await anna.leave()
  } finally {
    await gateway.stop()
    expect(await gate.stop()).toBe('code 0')
  }
})

/** go opens a page by its address. */
async function go(page: Page, path: string): Promise<void> {
  await page.goto(`${new URL(page.url()).origin}/#/${path}`)
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
}

/** inGerman keeps pictures of a page in German, as it is when somebody comes to it. */
async function inGerman(page: Page, path: string, name: string): Promise<void> {
  const speak = async (language: string) => {
    await page.evaluate((value) => localStorage.setItem('gatehouse.language', value), language)
    await page.reload()
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
    await expect(page.getByText(/^(One moment|Einen Moment) …$/)).toHaveCount(0)
  }
  await go(page, path)
  await speak('de')
  await page.screenshot({ path: picturePath(`${name}-german`), animations: 'disabled', fullPage: true })
  await speak('en')
}

async function setsUp(anna: Visitor): Promise<void> {
  const { page } = anna
  await page.getByRole('link', { name: 'Settings', exact: true }).click()
  await page.getByRole('link', { name: 'Mail and SMS' }).click()
  const mail = page.getByRole('region', { name: 'Mail' })
  await mail.getByRole('button', { name: 'Save' }).click()
  await expect(mail.getByLabel('Mail server')).toHaveAttribute('aria-invalid', 'true')
  await anna.look('delivery-mail-wrong')
  await mail.getByLabel('Mail server').fill('localhost')
  await mail.getByLabel('Port').fill('1')
  await mail.getByLabel('Encryption').selectOption('none')
  await mail.getByLabel('Sender’s address').fill('gate@harbour.example')
  await mail.getByRole('button', { name: 'Save' }).click()
  await expect(mail.getByText('Set up', { exact: true })).toBeVisible()
  await mail.getByLabel('Send a test to').fill('nowhere')
  await mail.getByRole('button', { name: 'Send test' }).click()
  await expect(mail.getByLabel('Send a test to')).toHaveAttribute('aria-invalid', 'true')
  anna.forgetRefusals()
  await mail.getByLabel('Send a test to').fill('anna@harbour.example')
  await mail.getByRole('button', { name: 'Send test' }).click()
  await expect(mail.getByText('The server does not answer.')).toBeVisible()
  await anna.look('delivery-mail-silent')
}

/** connects names the server that answers, and tries it. */
async function connects(anna: Visitor, port: number): Promise<void> {
  const { page } = anna
  await go(page, 'settings/delivery')
  const mail = page.getByRole('region', { name: 'Mail' })
  await mail.getByLabel('Port').fill(String(port))
  await mail.getByRole('button', { name: 'Save' }).click()
  await expect(page.getByText('Saved.').first()).toBeVisible()
  await mail.getByLabel('Send a test to').fill('gone@harbour.example')
  await mail.getByRole('button', { name: 'Send test' }).click()
  await expect(mail.getByText('550 5.1.1 No such user <b>here</b>')).toBeVisible()
  await mail.getByLabel('Send a test to').fill('anna@harbour.example')
  await mail.getByRole('button', { name: 'Send test' }).click()
  await expect(mail.getByText('The server took it.')).toBeVisible()
  await anna.look('delivery-mail-taken')
  await inGerman(page, 'settings/delivery', 'delivery-mail')
}

/** adds adds somebody who gets a mail; look is taken of the form before it is sent. */
async function adds(page: Page, name: string, login: string, look?: () => Promise<void>): Promise<void> {
  await go(page, 'users')
  await page.getByRole('button', { name: 'Add user' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('textbox', { name: 'Name', exact: true }).fill(name)
  await dialog.getByRole('textbox', { name: 'Login', exact: true }).fill(`${login}-7`)
  await dialog.getByLabel('E-mail address').fill(`${login}@harbour.example`)
  await dialog.getByLabel('Support', { exact: true }).check()
  const handOver = dialog.getByLabel('Hand it over myself instead')
  await expect(handOver).not.toBeChecked()
  await handOver.scrollIntoViewIfNeeded()
  await look?.()
  await dialog.getByRole('button', { name: 'Create' }).click()
  await expect(dialog.getByText(`on its way to ${login}@harbour.example`)).toBeVisible()
}

async function readsTheOutbox(anna: Visitor): Promise<void> {
  const { page } = anna
  const row = (who: string) => page.getByRole('listitem').filter({ hasText: `${who}@harbour.example` })
  // What was given up says so at once; what is tried again may have gone out by the new settings meanwhile.
  await expect(async () => {
    await go(page, 'settings/outbox')
    await page.reload()
    await expect(row('gone')).toContainText('Given up', { timeout: 1_000 })
    await expect(row('sofie')).toContainText('Sent', { timeout: 1_000 })
  }).toPass()
  await expect(row('gone')).toContainText('The server refuses the recipient.')
  await expect(row('gone')).toContainText('<b>here</b>')
  await expect(row('noor')).toContainText('The server does not answer.')
  await anna.look('delivery-outbox')
  await inGerman(page, 'settings/outbox', 'delivery-outbox')
  await page.getByRole('button', { name: 'Do not send' }).click()
  await expect(page.getByRole('dialog').getByText('noor@harbour.example does not get it')).toBeVisible()
  await anna.look('delivery-outbox-cancel')
  await page.getByRole('dialog').getByRole('button', { name: 'Do not send' }).click()
  await expect(row('noor')).toContainText('Cancelled')
  await page.getByRole('button', { name: 'Waiting', exact: true }).click()
  await expect(page.getByText('No message is in this state')).toBeVisible()
  await anna.look('delivery-outbox-no-match')
}

/** issuesAnew mails one new link, and hands another over. */
async function issuesAnew(anna: Visitor, server: MailServer): Promise<void> {
  const { page } = anna
  const dialog = page.getByRole('dialog')
  const begin = async () => {
    await go(page, 'users')
    await page.getByRole('searchbox').fill('Sofie Smit')
    await expect(page.getByText('1 user', { exact: true })).toBeVisible()
    await page.getByRole('button', { name: 'More about Sofie Smit' }).click()
    await page.getByRole('menuitem', { name: 'Issue a new link' }).click()
  }
  await begin()
  await expect(dialog.getByText('sofie@harbour.example')).toBeVisible()
  await anna.look('delivery-reissue')
  await dialog.getByRole('button', { name: 'Issue a new link' }).click()
  await expect(dialog.getByText('on its way to sofie@harbour.example')).toBeVisible()
  await anna.look('delivery-reissue-mailed')
  await dialog.getByRole('button', { name: 'Done' }).click()
  await expect.poll(() => server.mails.filter(({ to }) => to === 'sofie@harbour.example').length).toBe(2)

  await begin()
  await dialog.getByLabel('Hand it over myself instead').check()
  await dialog.getByRole('button', { name: 'Issue a new link' }).click()
  await expect(dialog.getByText('/#/activate?t=')).toBeVisible()
  await anna.look('delivery-reissue-hand-over')
  await dialog.getByRole('button', { name: 'Copy as message' }).click()
  await dialog.getByRole('button', { name: 'Done' }).click()
  expect(server.mails.filter(({ to }) => to === 'sofie@harbour.example').length).toBe(2)
}

async function sendsBySms(anna: Visitor, url: string): Promise<void> {
  const { page } = anna
  await go(page, 'settings/delivery')
  const sms = page.getByRole('region', { name: 'SMS' })
  await sms.getByRole('button', { name: 'Begin with an example: JSON' }).click()
  await expect(sms.getByLabel('Text of the body')).toHaveValue(/\{text\}/)
  await sms.getByRole('button', { name: 'Save' }).scrollIntoViewIfNeeded()
  await anna.look('delivery-sms')
  await sms.getByLabel('Address').fill('http://sms.example/send')
  await sms.getByLabel('Key or secret').fill('key-7')
  await sms.getByRole('button', { name: 'Save' }).click()
  await expect(sms.getByLabel('Address')).toHaveAttribute('aria-invalid', 'true')
  anna.forgetRefusals()
  await sms.getByLabel('Address').fill(url)
  await sms.getByRole('button', { name: 'Save' }).click()
  await expect(sms.getByText('Set up', { exact: true })).toBeVisible()
  await expect(sms.getByLabel('Key or secret')).toHaveValue('')
  await sms.getByLabel('Send a test to').fill('+32 470 12 34 56')
  await sms.getByRole('button', { name: 'Send test' }).click()
  await expect(sms.getByText('The server took it.')).toBeVisible()
  await anna.look('delivery-sms-taken')
}

async function writesTexts(anna: Visitor): Promise<void> {
  const { page } = anna
  await go(page, 'settings/templates')
  await anna.look('delivery-templates')
  await page.getByRole('textbox', { name: 'Text' }).fill('Hello {nobody}')
  await page.getByRole('button', { name: 'Preview' }).click()
  await expect(page.getByText('a placeholder in curly brackets')).toBeVisible()
  await anna.look('delivery-templates-wrong')
  anna.forgetRefusals()
  await page.getByRole('textbox', { name: 'Text' }).fill('Hello {name}, <b>go</b> to {link}')
  await page.getByRole('button', { name: 'Preview' }).click()
  await expect(page.getByText('Hello Anna Peeters, <b>go</b> to https://')).toBeInViewport()
  await anna.look('delivery-templates-preview')
  await page.getByRole('button', { name: 'Save' }).click()
  await expect(page.getByText('Changed', { exact: true })).toBeVisible()
  await inGerman(page, 'settings/templates', 'delivery-templates')
}

async function namesTheAddress(anna: Visitor): Promise<void> {
  const { page } = anna
  await go(page, 'settings')
  await page.getByRole('link', { name: 'Public address' }).click()
  await expect(page.getByText('No address is set.')).toBeVisible()
  await anna.look('delivery-address-none')
  const field = page.getByLabel('Address', { exact: true })
  await field.fill('gate.example.com')
  await page.getByRole('button', { name: 'Save' }).click()
  await expect(field).toHaveAttribute('aria-invalid', 'true')
  await anna.look('delivery-address-wrong')
  anna.forgetRefusals()
  await field.fill('https://gate.example.com/')
  await page.getByRole('button', { name: 'Save' }).click()
  await expect(field).toHaveValue('https://gate.example.com')
  await expect(page.getByText('No address is set.')).toBeHidden()
  await inGerman(page, 'settings/address', 'delivery-address')
}
