// Somebody of the practice data comes in.

import { expect, type Browser } from '@playwright/test'
import type { Gate, Way } from './gate.ts'
import { Authenticator } from './totp.ts'
import { Visitor } from './visitor.ts'

/** signIn brings somebody with an authenticator app as far as the menu. */
export async function signIn(
  browser: Browser,
  gate: Gate,
  way: Way,
  app = new Authenticator(way.authenticatorKey!),
): Promise<Visitor> {
  const visitor = await Visitor.arrive(browser, gate.url)
  const { page } = visitor
  await page.getByLabel('Login').fill(way.login)
  await page.getByRole('textbox', { name: 'Password' }).fill(way.password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.getByLabel('Six-digit code').pressSequentially(await app.code())
  await expect(page.getByRole('navigation').getByRole('link', { name: 'Home', exact: true })).toBeVisible()
  return visitor
}
