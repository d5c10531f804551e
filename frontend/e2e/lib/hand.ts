// What a person can do with the app, whichever face it has. Walks are written
// against it once, and taken in the window and in a browser.

import type { Fault } from './axe.ts'
import type { Where } from './find.ts'

export interface Hand {
  /** Clicks an element as soon as it can be clicked. */
  click(where: Where): Promise<void>
  /** Writes into a text field in place of what is there, key by key. */
  fill(where: Where, text: string): Promise<void>
  /** Types into whatever has the focus. */
  write(text: string): Promise<void>
  /** Presses keys, as xdotool names them: Return, Tab, ctrl+k. */
  press(...keys: string[]): Promise<void>
  /** Waits until an element (the page, unless said) shows a text. */
  see(text: string | RegExp, where?: Where): Promise<void>
  /** The text that an element shows now. */
  text(where: Where): Promise<string | undefined>
  /** Runs a function in the page. */
  evaluate<A extends unknown[], T>(code: (...args: A) => T | Promise<T>, ...args: A): Promise<T>
  /** Makes the page another size, in CSS pixels. */
  resize(width: number, height: number): Promise<void>
  /** What axe finds on the page as it is. */
  faults(): Promise<Fault[]>
  /** Console errors and warnings, script errors, violations of the policy, since the start. */
  readonly complaints: readonly { text: string }[]
  /** Keeps a picture for people to look at. */
  picture(name: string): Promise<unknown>
}
