// Looking at a screen: a picture for people, axe and the console for us.

import { expect, type TestInfo } from '@playwright/test'
import type { Desk } from '../lib/desk.ts'

/** look keeps a picture of the screen and asserts that nothing is wrong with it. */
export async function look(desk: Desk, name: string): Promise<void> {
  await fits(desk, name)
  expect(await desk.faults(), `what axe finds on "${name}"`).toEqual([])
  expect(desk.complaints, `complaints up to "${name}"`).toEqual([])
}

/** fits keeps a picture of the screen and asserts that nothing sticks out of it. */
export async function fits(desk: Desk, name: string): Promise<void> {
  await desk.picture(name)
  const sideways = await desk.evaluate(() => document.documentElement.scrollWidth - innerWidth)
  expect(sideways, `pixels that "${name}" can be pushed sideways`).toBeLessThanOrEqual(0)
}

/** lastLook keeps a picture of where a test that failed got stuck. */
export async function lastLook(desk: Desk | undefined, info: TestInfo): Promise<void> {
  if (desk === undefined || info.status === info.expectedStatus) return
  await desk
    .picture(`failed-${info.title.replaceAll(/\W+/g, '-')}`)
    .catch((error: unknown) => console.error(`no picture of the failure: ${String(error)}`))
}
