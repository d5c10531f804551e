// Who has which second factors: the report of an account, and that of all.

import { readFile } from 'node:fs/promises'
import { expect, test } from '@playwright/test'
import { Gate } from '../lib/gate.ts'
import { signIn } from '../lib/signin.ts'

test('an administrator looks who is late, and takes the report along', async ({ browser }) => {
  test.setTimeout(240_000)
  const gate = await Gate.start(250)
  try {
    const [way] = await gate.ways()
    const anna = await signIn(browser, gate, way!)
    const { page } = anna
    await page.getByRole('navigation').getByRole('link', { name: 'Users', exact: true }).click()
    await page.getByRole('link', { name: '2-factor coverage' }).click()
    await expect(page.getByRole('heading', { name: '2-factor coverage', level: 1 })).toBeVisible()
    await expect(page.getByRole('table').getByRole('link').first()).toBeVisible()
    await anna.look('coverage')
    const on = page.getByRole('button', { name: /^On/ })
    await on.click()
    await expect(on).toHaveAttribute('aria-pressed', 'true')
    await expect(page).toHaveURL(/state=on/)
    const counted = Number((await page.locator('output').innerText()).replace(/\D/g, ''))
    const [file] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Export CSV' }).click(),
    ])
    const text = await readFile(await file.path(), 'utf8')
    const lines = text.trim().split('\r\n')
    expect(lines[0]).toContain('name,login,email,status,adminUser,state')
    expect(lines).toHaveLength(counted + 1)
    expect(lines.slice(1).every((line) => line.includes(',on,'))).toBe(true)
    await expect(page.getByText(/^Exported \d+ lines?\.$/)).toBeVisible()
    await page.getByRole('searchbox').fill('nobody of that name')
    await expect(page.getByText('Nobody stands so')).toBeVisible()
    await anna.look('coverage-none')
    await page.getByRole('navigation').getByRole('link', { name: 'Accounts', exact: true }).click()
    await page.getByRole('link', { name: '2-factor coverage' }).click()
    await expect(page.getByRole('table').getByRole('link').first()).toBeVisible()
    await anna.look('coverage-accounts')
    await anna.leave()
  } finally {
    expect(await gate.stop()).toBe('code 0')
  }
})
