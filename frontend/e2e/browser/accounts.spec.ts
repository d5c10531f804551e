// The operator opens an account for a customer, suspends it and lets it in again, and closes it for good.

import { expect, test } from '@playwright/test'
import { Gate } from '../lib/gate.ts'
import { picturePath } from '../lib/place.ts'
import { signIn } from '../lib/signin.ts'

test('the operator opens, suspends and closes an account', async ({ browser }) => {
  test.setTimeout(180_000)
  const gate = await Gate.start(12)
  try {
    const [operator] = await gate.ways()
    const anna = await signIn(browser, gate, operator!)
    const { page } = anna
    await page.getByRole('link', { name: 'Accounts', exact: true }).click()
    await expect(page.getByRole('link', { name: 'Kelder Hosting' })).toBeVisible()
    await page.screenshot({ path: picturePath('accounts-list') })

    await page.getByRole('button', { name: 'Suspended', exact: true }).click()
    await expect(page.getByRole('link', { name: 'Noordzee Web' })).toBeVisible()
    await expect(page.getByRole('link', { name: 'Kelder Hosting' })).toHaveCount(0)
    expect(page.url()).toContain('state=suspended')
    await page.getByRole('searchbox').fill('nobody at all')
    await expect(page.getByText('No account fits')).toBeVisible()
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
    await page.screenshot({ path: picturePath('accounts-open') })
    await dialog.getByRole('button', { name: 'Next' }).click()
    await expect(dialog.getByText('recommended in this account')).toBeVisible()
    await dialog.getByRole('button', { name: 'Next' }).click()
    await dialog.getByLabel('Name').fill('Mia Maes')
    await dialog.getByLabel('Login').fill('mia')
    await dialog.getByLabel('E-mail').fill('mia@marsh.example')
    await dialog.getByRole('button', { name: 'Open account' }).click()
    await expect(dialog.getByRole('heading', { name: 'Marsh & <b>Moor</b>' })).toBeVisible()
    await page.screenshot({ path: picturePath('accounts-handover') })
    await dialog.getByRole('button', { name: 'Done' }).click()
    await page.getByRole('button', { name: 'Close anyway' }).click()
    await page.getByRole('link', { name: 'Marsh & <b>Moor</b>' }).click()
    await expect(page.getByRole('heading', { name: 'Marsh & <b>Moor</b>' })).toBeVisible()
    await page.screenshot({ path: picturePath('accounts-detail'), fullPage: true })

    await page.getByRole('button', { name: 'Suspend', exact: true }).click()
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
    await dialog.getByLabel('Type the handle marsh').fill('marsh')
    await dialog.getByRole('button', { name: 'Close for good' }).click()
    await expect(page.getByText('Closed', { exact: true })).toBeVisible()
    await expect(page.getByRole('button', { name: 'Reopen' })).toHaveCount(0)

    await page.getByRole('link', { name: 'Settings', exact: true }).click()
    await expect(page.getByRole('heading', { name: 'Your account' })).toBeVisible()
    await page.getByLabel('Language').selectOption('de')
    await page.getByLabel('Darstellung').selectOption('dark')
    await page.setViewportSize({ width: 1024, height: 640 })
    await expect(page.getByRole('heading', { name: 'Ihr Konto' })).toBeVisible()
    await page.screenshot({ path: picturePath('accounts-own-de-dark') })
    await page.getByRole('link', { name: 'Konten', exact: true }).click()
    await page.getByRole('link', { name: 'Kelder Hosting' }).click()
    await page.getByRole('button', { name: 'Angaben und Richtlinie ändern' }).click()
    await expect(dialog.getByLabel('Verpflichtend ab')).toBeVisible()
    await page.screenshot({ path: picturePath('accounts-edit-de-dark') })
    await dialog.getByRole('button', { name: 'Abbrechen' }).click()
    await anna.leave()
    expect(await gate.command('audit', 'verify')).toContain('intact')
  } finally {
    expect(await gate.stop()).toBe('code 0')
  }
})
