// The list of users: found by search and filters, sorted by its heads, opened in place.

import { expect, test, type Page } from '@playwright/test'
import { Gate } from '../lib/gate.ts'
import { picturePath } from '../lib/place.ts'
import { signIn } from '../lib/signin.ts'
import type { Visitor } from '../lib/visitor.ts'

test('an administrator finds users', async ({ browser }) => {
  test.setTimeout(240_000)
  const gate = await Gate.start(150)
  try {
    const [operator, support] = await gate.ways()
    const anna = await signIn(browser, gate, operator!)
    const { page } = anna
    await page.getByRole('link', { name: 'Users', exact: true }).click()
    await expect(page.getByText('150 users', { exact: true })).toBeVisible()
    expect(await page.locator('tbody tr').count(), 'rows in the document').toBeLessThanOrEqual(60)
    await anna.look('users-list')

    await sorts(page)
    await filters(anna)
    await opensInPlace(anna)
    await explainsWhatIsNot(anna)
    await survivesZoom(anna)
    await inGerman(anna)
    await anna.leave()

    // Somebody of support may look and not touch.
    const tom = await signIn(browser, gate, support!)
    await tom.page.goto(`${gate.url}/#/users`)
    await expect(tom.page.getByRole('heading', { level: 1 })).toBeVisible()
    await tom.look('users-of-support')
    tom.forgetRefusals()
    await tom.leave()
  } finally {
    expect(await gate.stop()).toBe('code 0')
  }
})

const names = (page: Page) => page.locator('tbody [data-row] .font-semibold').allInnerTexts()
const head = (page: Page, name: string) => page.getByRole('columnheader', { name, exact: true })

async function sorts(page: Page): Promise<void> {
  await expect(head(page, 'Name')).toHaveAttribute('aria-sort', 'ascending')
  const before = await names(page)
  await head(page, 'Name').getByRole('button').click()
  await expect(head(page, 'Name')).toHaveAttribute('aria-sort', 'descending')
  await expect(page).toHaveURL(/sort=-name/)
  await expect(async () => expect(await names(page)).not.toEqual(before)).toPass()
  await head(page, 'Last seen').getByRole('button').click()
  await expect(head(page, 'Last seen')).toHaveAttribute('aria-sort', 'descending')
  await expect(page.locator('tbody [data-row]').first()).toContainText('(You)')
  await head(page, 'Created').getByRole('button').click()
  await head(page, 'Login').getByRole('button').click()
  await expect(page).toHaveURL(/sort=login/)
  await head(page, 'Name').getByRole('button').click()
  await expect(page).toHaveURL(/#\/users$/)
}

async function filters({ page }: Visitor): Promise<void> {
  await page.keyboard.press('/')
  await expect(page.getByRole('searchbox')).toBeFocused()
  await page.getByRole('button', { name: 'Invited', exact: true }).click()
  await expect(page).toHaveURL(/status=invited/)
  await page.getByLabel('2-factor:').selectOption({ label: 'Not set up' })
  await page.getByLabel('Role:').selectOption({ label: 'Tech' })
  await expect(page).toHaveURL(/mfa=setup_required&role=rol_/)
  await page.reload()
  await expect(page.getByRole('button', { name: 'Invited', exact: true })).toHaveAttribute(
    'aria-pressed',
    'true',
  )
  await expect(page.getByLabel('Role:').locator('option:checked')).toHaveText('Tech')
  await page.getByRole('searchbox').fill('nobody is called that')
  await expect(page.getByRole('heading', { name: 'No user matches' })).toBeVisible()
}

async function opensInPlace(anna: Visitor): Promise<void> {
  const { page } = anna
  await anna.look('users-no-match')
  await page.getByRole('main').getByRole('button', { name: 'Clear filters' }).last().click()
  await expect(page.getByText('150 users', { exact: true })).toBeVisible()
  await expect(page.getByRole('searchbox')).toHaveValue('')
  await page.getByRole('searchbox').fill('Anna Peeters')
  await expect(page.getByText('1 user', { exact: true })).toBeVisible()
  await page.getByRole('table').getByText('Anna Peeters').click()
  await expect(page.getByRole('heading', { name: 'Recent activity' })).toBeVisible()
  await anna.look('users-open-row')
}

async function explainsWhatIsNot(anna: Visitor): Promise<void> {
  const { page } = anna
  const bin = page.getByRole('button', { name: 'Delete Anna Peeters' })
  await expect(bin).toHaveAttribute('aria-disabled', 'true')
  await expect(bin).toHaveAccessibleDescription(/^The admin user of an account cannot be deleted/)
  await bin.focus()
  await anna.look('users-bin-explained')
  await page.getByRole('button', { name: 'More about Anna Peeters' }).click()
  await expect(page.getByRole('menuitem', { name: 'Issue a new link' })).toHaveAttribute(
    'aria-disabled',
    'true',
  )
  await anna.look('users-menu')
  await page.keyboard.press('Escape')
}

/** survivesZoom looks at 200 %: a window of 1280 × 800 is a page of 640 × 400. */
async function survivesZoom({ page }: Visitor): Promise<void> {
  await page.getByRole('searchbox').fill('')
  await expect(page.getByText('150 users', { exact: true })).toBeVisible()
  await page.setViewportSize({ width: 640, height: 400 })
  await page.screenshot({ path: picturePath('users-zoom-200') })
  const more = page.getByRole('button', { name: /^More about/ }).nth(1)
  await more.click()
  await expect(page.getByRole('menuitem').last()).toBeInViewport()
  await page.screenshot({ path: picturePath('users-zoom-200-menu') })
  await page.keyboard.press('Escape')
  await page.setViewportSize({ width: 1280, height: 800 })
}

async function inGerman(anna: Visitor): Promise<void> {
  const { page } = anna
  await page.evaluate(() => localStorage.setItem('gatehouse.language', 'de'))
  await page.reload()
  await expect(page.getByText('150 Benutzer', { exact: true })).toBeVisible()
  await anna.look('users-list-de')
  await page
    .getByRole('button', { name: /^Mehr zu/ })
    .nth(1)
    .click()
  await page.screenshot({ path: picturePath('users-menu-de') })
  await page.keyboard.press('Escape')
}
