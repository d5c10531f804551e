// The operator opens an account for a customer, suspends it and lets it in again, and closes it for good.

import { expect, test, type Page } from '@playwright/test'
import { Gate } from '../lib/gate.ts'
import { MailServer } from '../lib/mailserver.ts'
import { signIn } from '../lib/signin.ts'
import { SmsServer } from '../lib/smsserver.ts'
import { Visitor } from '../lib/visitor.ts'

test('the operator opens, suspends and closes an account', async ({ browser }) => {
  test.setTimeout(180_000)
  const gate = await Gate.start(12)
  try {
    const [operator] = await gate.ways()
    const anna = await signIn(browser, gate, operator!)
    const { page } = anna
    await page.getByRole('link', { name: 'Accounts', exact: true }).click()
    await expect(page.getByRole('link', { name: /^Kelder Hosting/ })).toBeVisible()
    await anna.look('accounts-list')

    await page.getByRole('button', { name: 'Suspended', exact: true }).click()
    await expect(page.getByRole('link', { name: /^Noordzee Web/ })).toBeVisible()
    await expect(page.getByRole('link', { name: /^Kelder Hosting/ })).toHaveCount(0)
    expect(page.url()).toContain('state=suspended')
    await page.getByRole('searchbox').fill('nobody at all')
    await expect(page.getByText('No account fits')).toBeVisible()
    await anna.look('accounts-none')
    await page.getByRole('button', { name: 'Clear filters' }).first().click()

    // The wizard: what is wrong is said on its own step, and an old account is only advised.
    await page.getByRole('button', { name: 'Open account' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('button', { name: 'Next' }).click()
    await expect(dialog.getByText('3 fields need your attention.')).toBeVisible()
    await dialog.getByLabel('Name').fill('Marsh & <b>Moor</b>')
    await dialog.getByLabel('Handle').fill('marsh')
    await dialog.getByLabel('Official e-mail address').fill('office@marsh.example')
    await dialog.getByLabel('Opened on').fill('2017-03-06')
    await anna.look('accounts-open')
    await dialog.getByRole('button', { name: 'Next' }).click()
    await expect(dialog.getByText(/Accounts opened on Apr 30, 2020 or before/)).toBeVisible()
    await expect(dialog.getByText('recommended in this account')).toBeVisible()
    await anna.look('accounts-open-policy')
    await dialog.getByRole('button', { name: 'Next' }).click()
    await dialog.getByLabel('Name').fill('Mia Maes')
    await dialog.getByLabel('Login').fill('mia')
    await dialog.getByLabel('E-mail').fill('mia@marsh.example')
    // Where there is no mail, there is nothing to choose.
    await expect(dialog.getByLabel('Hand it over myself instead')).toHaveCount(0)
    await anna.look('accounts-open-admin')
    await dialog.getByRole('button', { name: 'Open account' }).click()
    await expect(dialog.getByRole('heading', { name: 'Marsh & <b>Moor</b>' })).toBeVisible()
    await anna.look('accounts-handover')
    await dialog.getByRole('button', { name: 'Done' }).click()
    await page.getByRole('button', { name: 'Close anyway' }).click()
    await page.getByRole('link', { name: /^Marsh & <b>Moor</ }).click()
    await expect(page.getByRole('heading', { name: 'Marsh & <b>Moor</b>' })).toBeVisible()
    await anna.look('accounts-detail')

    await page.getByRole('button', { name: 'Suspend', exact: true }).click()
    await anna.look('accounts-suspend')
    await dialog.getByLabel('Reason').fill('Has not paid.')
    await dialog.getByRole('button', { name: 'Suspend' }).click()
    await expect(page.getByText('Suspended', { exact: true })).toBeVisible()
    await page.getByRole('region', { name: 'Messages' }).getByRole('button', { name: 'Reopen' }).click()
    await expect(page.getByText('Open', { exact: true })).toBeVisible()

    await page.getByRole('button', { name: 'Close for good' }).click()
    await dialog.getByLabel('Reason').fill('Gave up the business.')
    await dialog.getByLabel('Type the handle marsh').fill('heron')
    await dialog.getByRole('button', { name: 'Close for good' }).click()
    await expect(dialog.getByLabel('Type the handle marsh')).toHaveAttribute('aria-invalid', 'true')
    await anna.look('accounts-close')
    await dialog.getByLabel('Type the handle marsh').fill('marsh')
    await dialog.getByRole('button', { name: 'Close for good' }).click()
    await expect(page.getByText('Closed', { exact: true })).toBeVisible()
    await expect(page.getByRole('button', { name: 'Reopen' })).toHaveCount(0)

    // Whoever leaves hands the admin user over to somebody else.
    await page.getByRole('link', { name: 'All accounts' }).click()
    await page.getByRole('link', { name: /^Zonneweg/ }).click()
    await page.getByRole('button', { name: 'Hand over the admin user' }).click()
    await dialog.getByRole('button', { name: 'Hand over the admin user' }).click()
    await expect(dialog.getByText('2 fields need your attention.')).toBeVisible()
    await dialog.getByLabel('Name').fill('Wim Zon')
    await dialog.getByLabel('E-mail').fill('wim@zonneweg.example')
    await anna.look('accounts-person')
    await dialog.getByRole('button', { name: 'Hand over the admin user' }).click()
    await expect(dialog.getByRole('heading', { name: 'Wim Zon can now be let in' })).toBeVisible()
    await dialog.getByRole('button', { name: 'Done' }).click()
    await page.getByRole('button', { name: 'Close anyway' }).click()
    await expect(page.getByText('wim@zonneweg.example')).toBeVisible()
    anna.forgetRefusals()
    await anna.leave()
    expect(await gate.command('audit', 'verify')).toContain('intact')
  } finally {
    expect(await gate.stop()).toBe('code 0')
  }
})

test('the days of the installation count down for the people of its customers', async ({ browser }) => {
  test.setTimeout(180_000)
  const gate = await Gate.start(12)
  const inDays = (n: number) => new Date(Date.now() + n * 86_400_000).toISOString().slice(0, 10)
  try {
    const ways = await gate.ways()
    const anna = await signIn(browser, gate, ways[0]!)
    const { page } = anna
    const dialog = page.getByRole('dialog')
    await page.getByRole('link', { name: 'Settings', exact: true }).click()
    const days = page.getByRole('region', { name: '2-factor authentication in every account' })
    const after = days.getByLabel('Required for accounts opened after')
    await expect(after).toHaveValue('2020-04-30')
    await after.fill('')
    await days.getByRole('button', { name: 'Save days' }).click()
    await expect(days.getByText('This is required.')).toBeVisible()
    await after.fill('2016-12-31')
    await days.getByRole('button', { name: 'Save days' }).click()
    // Older accounts would be asked at once: that is not done by a slip.
    await expect(dialog.getByText('Require it at once?')).toBeVisible()
    await anna.look('days-ask')
    await dialog.getByRole('button', { name: 'Keep editing' }).click()
    await after.fill('2021-12-31')
    await days.getByLabel('Required everywhere from').fill(inDays(12))
    await expect(days.getByText(/Required everywhere in 12 days, from/)).toBeVisible()
    await days.scrollIntoViewIfNeeded()
    await anna.look('days')
    await days.getByRole('button', { name: 'Save days' }).click()
    await expect(page.getByText('The days were saved.')).toBeVisible()

    // The wizard speaks of these days and of no others.
    await page.getByRole('link', { name: 'Accounts', exact: true }).click()
    await page.getByRole('button', { name: 'Open account' }).click()
    await dialog.getByLabel('Name').fill('Marsh')
    await dialog.getByLabel('Handle').fill('marsh')
    await dialog.getByLabel('Official e-mail address').fill('office@marsh.example')
    await dialog.getByLabel('Opened on').fill('2021-06-01')
    await dialog.getByRole('button', { name: 'Next' }).click()
    await expect(dialog.getByText(/recommended in this account until/)).toBeVisible()
    await dialog.getByRole('button', { name: 'Back' }).click()
    await dialog.getByLabel('Opened on').fill('2022-01-01')
    await dialog.getByRole('button', { name: 'Next' }).click()
    await expect(dialog.getByText('It is opened after Dec 31, 2021')).toBeVisible()
    await dialog.getByRole('button', { name: 'Close' }).click()
    await page.getByRole('button', { name: 'Discard' }).click()
    await anna.look('accounts-coming')

    // A customer's administrator sees it come, and puts the account's contact right.
    const lotte = await Visitor.arrive(browser, gate.url)
    const her = lotte.page
    const own = her.getByRole('region', { name: 'Your account' })
    const { login, password } = ways.find((way) => way.login === 'lotte')!
    await her.getByLabel('Login').fill(login)
    await her.getByRole('textbox', { name: 'Password' }).fill(password)
    await her.getByRole('button', { name: 'Sign in', exact: true }).click()
    await expect(her.getByText(/2-factor authentication is required from .*, in 12 days\./)).toBeVisible()
    await lotte.look('home-countdown')
    await her.getByRole('link', { name: 'Settings', exact: true }).click()
    await own.scrollIntoViewIfNeeded()
    await lotte.look('own-account')
    await own.getByRole('button', { name: 'Change name and contact' }).click()
    await her.getByRole('dialog').getByLabel('Name').fill('')
    await her.getByRole('dialog').getByLabel('Official e-mail address').fill('nowhere')
    await her.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
    await expect(her.getByText('2 fields need your attention.')).toBeVisible()
    await lotte.look('own-account-edit')
    await her.getByRole('dialog').getByLabel('Name').fill('Kelder <b>& Daughters</b>')
    await her.getByRole('dialog').getByLabel('Official e-mail address').fill('desk@kelder.example')
    await her.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
    await expect(her.getByText('The account was changed.')).toBeVisible()
    await expect(own.getByText('desk@kelder.example')).toBeVisible()
    await expect(her.getByText('Kelder <b>& Daughters</b>').first()).toBeVisible()

    // In German, in the smallest window as in the largest.
    await her.getByLabel('Language').selectOption('de')
    await her.getByRole('region', { name: 'Ihr Konto' }).scrollIntoViewIfNeeded()
    await lotte.look('own-account-de')
    await her.getByRole('link', { name: 'Start', exact: true }).click()
    await expect(her.getByText(/ab .* verpflichtend, in 12 Tagen\./)).toBeVisible()
    await lotte.look('home-countdown-de')
    await page.getByRole('link', { name: 'Settings', exact: true }).click()
    await page.getByLabel('Language').selectOption('de')
    await page
      .getByRole('region', { name: '2-Faktor-Authentifizierung in allen Konten' })
      .scrollIntoViewIfNeeded()
    await anna.look('days-de')
    await page.getByRole('link', { name: 'Konten', exact: true }).click()
    await expect(page.getByRole('link', { name: /Kelder/ })).toBeVisible()
    await anna.look('accounts-list-de')
    await page.getByRole('link', { name: /Kelder/ }).click()
    await expect(page.getByText(/, in 12 Tagen/)).toBeVisible()
    await anna.look('accounts-detail-de')
    await page.getByRole('button', { name: 'Angaben und Richtlinie ändern' }).click()
    await dialog.getByLabel('Verpflichtend ab').fill(inDays(5))
    await expect(dialog.getByText(/^In 5 Tagen\./)).toBeVisible()
    await anna.look('accounts-edit-de')
    await dialog.getByRole('button', { name: 'Speichern' }).click()
    await expect(page.getByText(/, in 5 Tagen/)).toBeVisible()
    await page.getByRole('button', { name: 'Endgültig schließen' }).click()
    await anna.look('accounts-close-de')
    await dialog.getByRole('button', { name: 'Abbrechen' }).click()
    anna.forgetRefusals()
    await anna.leave()
    lotte.forgetRefusals()
    await lotte.leave()
    expect(await gate.command('audit', 'verify')).toContain('intact')
  } finally {
    expect(await gate.stop()).toBe('code 0')
  }
})

test('the way into an account goes by mail, the login by SMS or by word of mouth', async ({ browser }) => {
  test.setTimeout(180_000)
  const gate = await Gate.start(6)
  const mail = await MailServer.start()
  const sms = await SmsServer.start()
  const linksTo = (address: string) =>
    mail.mails.filter(({ to, raw }) => to === address && raw.includes('activate?t='))
  try {
    await gate.command(
      ...[
        'delivery',
        'update-mail',
        '--host',
        'localhost',
        '--port',
        String(mail.port),
        '--security',
        'none',
      ],
      ...['--from', 'gate@harbour.example'],
    )
    const [operator] = await gate.ways()
    const anna = await signIn(browser, gate, operator!)
    const { page } = anna
    const dialog = page.getByRole('dialog')
    const over = dialog.getByLabel('Hand it over myself instead')

    // Mail without SMS: the login is told, and nothing is shown that could be lost.
    await fillsIn(page, () => anna.look('accounts-mail-choice'))
    await dialog.getByRole('button', { name: 'Open account' }).click()
    await expect(dialog.getByText('on its way to office@marsh.example')).toBeVisible()
    await expect(dialog.getByText('Tell it to Mia <i>Maes</i> yourself')).toBeVisible()
    await expect(dialog.getByText('mia-login', { exact: true })).toBeVisible()
    await expect(page.getByText('/#/activate?t=')).toHaveCount(0)
    await anna.look('accounts-mailed-tell')
    await page.keyboard.press('Escape')
    await expect(dialog).toHaveCount(0)
    await expect.poll(() => linksTo('office@marsh.example').length).toBe(1)
    expect(linksTo('office@marsh.example')[0]!.raw).toContain('activate?t=')
    expect(linksTo('office@marsh.example')[0]!.raw).not.toContain('mia-login')
    expect(linksTo('mia@marsh.example')).toEqual([])

    // A new one for whoever has not come yet goes the same two ways.
    await gate.command(
      ...[
        'delivery',
        'update-sms',
        '--url',
        sms.url,
        '--method',
        'POST',
        '--body-type',
        'json',
        '--expect',
        '202',
      ],
      ...['--body', '{"to": "{to}", "text": "{text}"}'],
    )
    await page.getByRole('link', { name: /^Marsh/ }).click()
    await page.getByRole('button', { name: 'New activation for the admin user' }).click()
    await expect(dialog.getByText('You tell the login yourself, as there is no mobile number.')).toBeVisible()
    await anna.look('accounts-reissue-choice')
    await dialog.getByRole('button', { name: 'Cancel' }).click()
    await page.getByRole('button', { name: 'Hand over the admin user' }).click()
    await dialog.getByLabel('Name').fill('Wim Zon')
    await dialog.getByLabel('E-mail').fill('wim@marsh.example')
    await dialog.getByLabel('Mobile').fill('+32 470 12 34 56')
    await expect(dialog.getByText('The login goes by SMS to +32 470 12 34 56')).toBeVisible()
    await anna.look('accounts-person-choice')
    await dialog.getByRole('button', { name: 'Hand over the admin user' }).click()
    await expect(dialog.getByText(/The login goes by SMS to \+32 ?470/)).toBeVisible()
    await expect(dialog.getByText('mia-login')).toHaveCount(0)
    await anna.look('accounts-mailed-sms')
    await dialog.getByRole('button', { name: 'Done' }).click()
    await expect(dialog).toHaveCount(0)
    await expect.poll(() => sms.texts.join()).toContain('mia-login')
    expect(sms.texts.join()).not.toContain('activate')
    await expect.poll(() => linksTo('office@marsh.example').length).toBe(2)

    // Whoever hands it over is asked before the secret is gone, and nothing is sent.
    await page.getByRole('button', { name: 'New activation for the admin user' }).click()
    await over.check()
    await dialog.getByRole('button', { name: 'Make a new one' }).click()
    await expect(dialog.getByText('/#/activate?t=')).toBeVisible()
    await page.keyboard.press('Escape')
    await expect(page.getByRole('heading', { name: 'Close without having copied it?' })).toBeVisible()
    await page.getByRole('button', { name: 'Back', exact: true }).click()
    await dialog.getByRole('button', { name: 'Copy as message' }).click()
    await expect(dialog.getByRole('button', { name: 'Copied' })).toBeVisible()
    await page.keyboard.press('Escape')
    await expect(dialog).toHaveCount(0)
    expect(linksTo('office@marsh.example').length).toBe(2)
    expect(sms.texts.length).toBe(1)

    // In German, with both ways.
    await page.evaluate(() => localStorage.setItem('gatehouse.language', 'de'))
    await page.reload()
    await page.getByRole('button', { name: 'Neue Aktivierung für den Admin-Benutzer' }).click()
    await anna.look('accounts-reissue-choice-de')
    await dialog.getByRole('button', { name: 'Neu ausstellen' }).click()
    await expect(dialog.getByText('Der Benutzername geht per SMS an')).toBeVisible()
    await anna.look('accounts-mailed-sms-de')
    await dialog.getByRole('button', { name: 'Fertig' }).click()
    anna.forgetRefusals()
    await anna.leave()
  } finally {
    await mail.stop()
    await sms.stop()
    expect(await gate.stop()).toBe('code 0')
  }
})

/** fillsIn goes through the wizard up to its last step. */
async function fillsIn(page: Page, look: () => Promise<void>): Promise<void> {
  const dialog = page.getByRole('dialog')
  await page.getByRole('link', { name: 'Accounts', exact: true }).click()
  await page.getByRole('button', { name: 'Open account' }).click()
  await dialog.getByLabel('Name').fill('Marsh & <b>Moor</b>')
  await dialog.getByLabel('Handle').fill('marsh')
  await dialog.getByLabel('Official e-mail address').fill('office@marsh.example')
  await dialog.getByRole('button', { name: 'Next' }).click()
  await dialog.getByRole('button', { name: 'Next' }).click()
  await dialog.getByLabel('Name').fill('Mia <i>Maes</i>')
  await dialog.getByLabel('Login').fill('mia-login')
  await dialog.getByLabel('E-mail').fill('mia@marsh.example')
  await expect(dialog.getByText('office@marsh.example, the official address')).toBeVisible()
  await expect(dialog.getByText('You tell the login yourself')).toBeVisible()
  await expect(dialog.getByLabel('Hand it over myself instead')).not.toBeChecked()
  await look()
}
