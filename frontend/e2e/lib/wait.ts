// Waiting for what must become true. There are no fixed pauses in these tests:
// on a loaded machine they are too short, on an idle one too long.

import { setTimeout as pause } from 'node:timers/promises'

/** How long something may take on a machine that is busy with other things, in ms. */
export const patience = 20_000

/**
 * until asks again and again until the answer is neither undefined, null nor
 * false, and returns it. When it never comes, the error says what was waited
 * for and why the last try failed.
 */
export async function until<T>(
  what: string,
  ask: () => T | Promise<T>,
  limit = patience,
): Promise<Exclude<T, undefined | null | false>> {
  const end = performance.now() + limit
  let last = 'the answer was no'
  for (;;) {
    try {
      const answer = await ask()
      if (answer !== undefined && answer !== null && answer !== false)
        return answer as Exclude<T, undefined | null | false>
    } catch (error) {
      if (error instanceof Hopeless) throw error
      last = String(error)
    }
    if (performance.now() > end) throw new Error(`waited ${limit} ms for ${what}; at last: ${last}`)
    await pause(25)
  }
}

/** Hopeless ends the waiting at once: what is waited for cannot come any more. */
export class Hopeless extends Error {}
