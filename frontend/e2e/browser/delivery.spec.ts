// Mail, texts and the outbox, as an operator sees them; nobody listens where the mail goes.

import { expect, test } from '@playwright/test'
import { Gate } from '../lib/gate.ts'
import { Authenticator } from '../lib/totp.ts'
import { Visitor } from '../lib/visitor.ts'

test('an operator sets up mail, and sees what became of it', async ({ browser }) => {
  test.setTimeout(180_000)
  const gate = await Gate.start(6)
  try {
    const [operator] = await gate.ways()
    const anna = await Visitor.arrive(browser, gate.url)
    const { page } = anna
    await page.getByLabel('Login').fill(operator!.login)
    await page.getByRole('textbox', { name: 'Password' }).fill(operator!.password)
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await page
      .getByLabel('Six-digit code')
      .pressSequentially(await new Authenticator(operator!.authenticatorKey!).code())
    await page.getByRole('link', { name: 'Settings', exact: true }).click()
    await page.getByRole('link', { name: 'Mail and SMS' }).click()

    const mail = page.getByRole('region', { name: 'Mail' })
    await mail.getByRole('button', { name: 'Save' }).click()
    await expect(mail.getByLabel('Mail server')).toHaveAttribute('aria-invalid', 'true')
    await mail.getByLabel('Mail server').fill('localhost')
    await mail.getByLabel('Port').fill('1')
    await mail.getByLabel('Encryption').selectOption('none')
    await mail.getByLabel('Sender’s address').fill('gate@harbour.example')
    await mail.getByRole('button', { name: 'Save' }).click()
    await expect(mail.getByText('Set up', { exact: true })).toBeVisible()
    await mail.getByLabel('Send a test to').fill('anna@harbour.example')
    await mail.getByRole('button', { name: 'Send test' }).click()
    await expect(mail.getByText('The server does not answer.')).toBeVisible()
    await anna.look('delivery')

    await page.goto(`${gate.url}/#/users`)
    await page.getByRole('button', { name: 'Add user' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('textbox', { name: 'Name', exact: true }).fill('Noor Nieuw')
    await dialog.getByRole('textbox', { name: 'Login', exact: true }).fill('noor.nieuw-7')
    await dialog.getByLabel('E-mail address').fill('noor@harbour.example')
    await dialog.getByLabel('Support', { exact: true }).check()
    await expect(dialog.getByLabel('Hand it over myself instead')).not.toBeChecked()
    await dialog.getByRole('button', { name: 'Create' }).click()
    await expect(dialog.getByText('on its way to noor@harbour.example')).toBeVisible()
    await anna.look('delivery-mailed')
    await dialog.getByRole('button', { name: 'Done' }).click()

    await page.goto(`${gate.url}/#/settings/outbox`)
    await expect(page.getByText('noor@harbour.example')).toBeVisible()
    await expect(page.getByText('The server does not answer.')).toBeVisible()
    await anna.look('delivery-outbox')
    await page.getByRole('button', { name: 'Do not send' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Do not send' }).click()
    await expect(page.getByRole('listitem').getByText('Cancelled', { exact: true })).toBeVisible()

    await page.goto(`${gate.url}/#/settings/templates`)
    await page.getByRole('textbox', { name: 'Text' }).fill('Hello {nobody}')
    await page.getByRole('button', { name: 'Preview' }).click()
    await expect(page.getByText('a placeholder in curly brackets')).toBeVisible()
    anna.forgetRefusals()
    await page.getByRole('textbox', { name: 'Text' }).fill('Hello {name}, <b>go</b> to {link}')
    await page.getByRole('button', { name: 'Preview' }).click()
    await expect(page.getByText('Hello Anna Peeters, <b>go</b> to https://')).toBeVisible()
    await anna.look('delivery-templates')
    await page.getByRole('button', { name: 'Save' }).click()
    await expect(page.getByText('Changed', { exact: true })).toBeVisible()
    await anna.leave()
  } finally {
    expect(await gate.stop()).toBe('code 0')
  }
})
