// Somebody is locked out, asks for help, and proves by a code on the registered
// mobile number who is calling: with a real SMS gateway, in two browsers.

import { expect, test, type Page } from '@playwright/test'
import { Gate } from '../lib/gate.ts'
import { picturePath } from '../lib/place.ts'
import { signIn } from '../lib/signin.ts'
import { SmsServer } from '../lib/smsserver.ts'
import { Visitor } from '../lib/visitor.ts'
import { until } from '../lib/wait.ts'

const hostile = 'Phone stolen <b>& codes</b> too'

test('an admin user asks for help, and the operator makes sure who calls', async ({ browser }) => {
  test.setTimeout(240_000)
  const gate = await Gate.start(6)
  const gateway = await SmsServer.start()
  try {
    const ways = await gate.ways()
    const [operator] = ways
    const customer = ways.find(({ login }) => login === 'lotte')!

    // At the second step: the way out is a line of its own, and the sign-in goes on afterwards.
    const stuck = await Visitor.arrive(browser, gate.url)
    await stuck.page.getByLabel('Login').fill(operator!.login)
    await stuck.page.getByRole('textbox', { name: 'Password' }).fill(operator!.password)
    await stuck.page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await stuck.page.getByText('I have none of these').click()
    await stuck.look('help-ways')
    await stuck.page.getByRole('button', { name: /Ask for help/ }).click()
    await stuck.page.getByRole('button', { name: 'Send request' }).click()
    await expect(stuck.page.getByLabel('What happened?')).toHaveAttribute('aria-invalid', 'true')
    await stuck.look('help-ask')
    await asks(stuck.page)
    await expect(stuck.page.getByText('at the command line')).toBeVisible()
    await stuck.look('help-asked')
    await stuck.page.getByRole('button', { name: 'Back to the second step' }).click()
    await expect(stuck.page.getByLabel('Six-digit code')).toBeVisible()
    await stuck.leave()

    // Without the password: the answer tells nothing.
    const stranger = await Visitor.arrive(browser, gate.url)
    await stranger.page.getByText('Lost your phone or security key?').click()
    await stranger.page.getByRole('link', { name: /Neither password/ }).click()
    await stranger.look('help-by-login')
    for (const login of ['nobody.here', customer.login]) {
      await stranger.page.getByLabel('Login').fill(login)
      await asks(stranger.page)
      await expect(stranger.page.getByText('If there is a user with this login')).toBeVisible()
      if (login === customer.login) break
      await stranger.page.getByRole('button', { name: 'To sign-in' }).click()
      await stranger.page.goto(`${gate.url}/#/ask-for-help`)
    }
    await stranger.look('help-taken')
    await stranger.leave()

    const anna = await signIn(browser, gate, operator!)
    const { page } = anna
    await page.getByRole('link', { name: /locked out and asks for help/ }).click()
    await anna.look('help-board')
    await page.getByRole('link', { name: /Lotte/ }).click()
    await expect(page.getByText(hostile)).toBeVisible()
    await expect(page.getByText('anybody may have written it')).toBeVisible()
    await expect(page.getByText('No SMS gateway is set up')).toBeVisible()
    await expect(page.getByRole('button', { name: 'Reset second factors' })).toBeDisabled()
    await anna.look('help-no-sms')
    await page.screenshot({ path: picturePath('help-no-sms-whole'), fullPage: true, animations: 'disabled' })

    const body = '{"to":"{to}","text":"{text}"}'
    await gate.command('delivery', 'update-sms', '--url', gateway.url, '--body-type', 'json', '--body', body)
    await page.reload()
    await page.getByRole('button', { name: /^Send code to \+32/ }).click()
    const code = await until('the SMS', () => /\d{4} \d{4}/.exec(gateway.texts.join('\n'))?.[0])
    await page
      .getByLabel('Code that the caller reads out')
      .fill(code.startsWith('0') ? '11111111' : '00000000')
    await page.getByRole('button', { name: 'Check' }).click()
    await expect(page.getByText('4 tries are left')).toBeVisible()
    anna.forgetRefusals()
    await anna.look('help-code')
    await page.getByLabel('Code that the caller reads out').fill(code)
    await page.getByRole('button', { name: 'Check' }).click()
    await expect(page.getByText('has the registered mobile number at hand')).toBeVisible()
    await anna.look('help-proven')
    await page.getByRole('button', { name: 'Close without a reset' }).click()
    await page.getByRole('dialog').getByLabel('Reason').fill('Has found the phone.')
    await anna.look('help-close')
    await page.getByRole('dialog').getByRole('button', { name: 'Close without a reset' }).click()
    await expect(page.getByText('has no open request')).toBeVisible()
    await page.evaluate(() => localStorage.setItem('gatehouse.language', 'de'))
    await page.reload()
    await expect(page.getByRole('button', { name: 'Anruf notieren' })).toBeVisible()
    await page.screenshot({ path: picturePath('help-german'), fullPage: true, animations: 'disabled' })
    await anna.leave()
  } finally {
    await gateway.stop()
    expect(await gate.stop()).toBe('code 0')
  }
})

async function asks(page: Page): Promise<void> {
  await page.getByLabel('What happened?').fill(hostile)
  await page.getByLabel('How can you be reached now?').fill('+32 2 123 45 67')
  await page.getByRole('button', { name: 'Send request' }).click()
}
