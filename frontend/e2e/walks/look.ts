// Looking at a screen: a picture for people, axe and the console for us.

import { expect, type TestInfo } from '@playwright/test'
import type { Hand } from '../lib/hand.ts'

/** look keeps a picture of the screen and asserts that nothing is wrong with it. */
export async function look(hand: Hand, name: string): Promise<void> {
  await hand.picture(name)
  expect(await hand.faults(), `what axe finds on "${name}"`).toEqual([])
  const sideways = await hand.evaluate(() => document.documentElement.scrollWidth - innerWidth)
  expect(sideways, `pixels that "${name}" can be pushed sideways`).toBeLessThanOrEqual(0)
  expect(hand.complaints, `complaints up to "${name}"`).toEqual([])
}

/** lastLook keeps a picture of where a test that failed got stuck. */
export async function lastLook(hand: Hand | undefined, info: TestInfo): Promise<void> {
  if (hand === undefined || info.status === info.expectedStatus) return
  await hand
    .picture(`failed-${info.title.replaceAll(/\W+/g, '-')}`)
    .catch((error: unknown) => console.error(`no picture of the failure: ${String(error)}`))
}
