// The list of users with what real registrars put into it.

import { expect, test, type Page } from '@playwright/test'
import { Gate } from '../lib/gate.ts'
import { Authenticator } from '../lib/totp.ts'
import { Visitor } from '../lib/visitor.ts'

const long = 'Maximiliane-Friederike von Hohenlohe-Langenburg-Schillingsfürst'

test('a long name stays in its column', async ({ browser }) => {
  test.setTimeout(120_000)
  const gate = await Gate.start(12)
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
    await page.getByRole('link', { name: 'Users', exact: true }).click()

    await page.getByRole('button', { name: 'Add user' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('textbox', { name: 'Name', exact: true }).fill(long)
    await dialog
      .getByRole('textbox', { name: 'Login', exact: true })
      .fill('maximiliane-friederike.von-hohenlohe-langenburg')
    await dialog.getByLabel('E-mail address').fill('maximiliane@harbour.example')
    for (const role of ['Support', 'Finance', 'Tech']) await dialog.getByLabel(role, { exact: true }).check()
    await dialog.getByRole('button', { name: 'Create' }).click()
    await dialog.getByRole('button', { name: 'Copy as message' }).click()
    await dialog.getByRole('button', { name: 'Done' }).click()

    await expect(page.getByRole('table').getByText(long)).toBeVisible()
    await page.getByRole('searchbox').fill('Maximiliane')
    await expect(page.getByText('1 user', { exact: true })).toBeVisible()
    for (const width of [1024, 1280]) {
      await page.setViewportSize({ width, height: 640 })
      expect(await squeezed(page), `roles that cannot be read at ${width} pixels`).toEqual([])
      expect(await sticksOut(page), `cells that are too small at ${width} pixels`).toEqual([])
    }
    await anna.look('users-long-name')
    await anna.leave()
  } finally {
    expect(await gate.stop()).toBe('code 0')
  }
})

/** squeezed are the names of roles that are cut off. */
const squeezed = (page: Page): Promise<string[]> =>
  page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>('tbody td .ribbon')]
      .filter((ribbon) => ribbon.checkVisibility() && ribbon.scrollWidth > ribbon.clientWidth)
      .map((ribbon) => ribbon.innerText),
  )

/** sticksOut are the texts that are drawn beyond the cell they belong to. */
const sticksOut = (page: Page): Promise<string[]> =>
  page.evaluate(() =>
    [...document.querySelectorAll('tbody th, tbody td')].flatMap((cell) => {
      const edge = cell.getBoundingClientRect().right
      return [...cell.querySelectorAll<HTMLElement>('*')]
        .filter((part) => part.getBoundingClientRect().right > edge + 1)
        .filter((part) => {
          // What an ancestor within the cell cuts off is not drawn.
          for (let up = part.parentElement; up && up !== cell; up = up.parentElement)
            if (getComputedStyle(up).overflowX !== 'visible' && up.getBoundingClientRect().right <= edge + 1)
              return false
          return true
        })
        .map((part) => part.innerText ?? part.outerHTML.slice(0, 80))
    }),
  )
