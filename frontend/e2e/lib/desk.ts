// The real window under real hands: keys and clicks come from the X server,
// and what the page shows is read through WebKit's inspector.

import { createServer } from 'node:net'
import { axeInPage, axeSource, wcag, type Fault } from './axe.ts'
import type { Display } from './display.ts'
import { find, name, type Where } from './find.ts'
import { Inspector, type Complaint } from './inspector.ts'
import { picturePath, type Home } from './place.ts'
import type { Program } from './program.ts'
import { until } from './wait.ts'
import { RealWindow, type WindowOptions } from './window.ts'

/** Place is the rectangle of an element, in CSS pixels of the page. */
type Place = { x: number; y: number; width: number; height: number }

export class Desk {
  readonly #window: RealWindow
  readonly inspector: Inspector
  /** From the start of the process until the page had run its scripts and drawn, in ms. */
  readonly startedIn: number

  private constructor(window: RealWindow, inspector: Inspector, startedIn: number) {
    this.#window = window
    this.inspector = inspector
    this.startedIn = startedIn
  }

  /** open starts a binary that was built with the tag "devtools" and waits until its page is ready. */
  static async open(options: WindowOptions): Promise<Desk> {
    const address = `127.0.0.1:${await freePort()}`
    const window = await RealWindow.open({
      ...options,
      env: { ...options.env, WEBKIT_INSPECTOR_HTTP_SERVER: address },
    })
    try {
      const inspector = await Inspector.connect(address, () => window.program.alive())
      await until('the page to be ready', () => inspector.evaluate(drawn))
      const startedIn = performance.now() - window.started
      await window.display.focus(window.id)
      return new Desk(window, inspector, startedIn)
    } catch (error) {
      await window.close()
      throw error
    }
  }

  /** close ends the program and its display. It returns how the program ended. */
  async close(): Promise<string> {
    this.inspector.close()
    return this.#window.close()
  }

  get home(): Home {
    return this.#window.home
  }

  get display(): Display {
    return this.#window.display
  }

  get program(): Program {
    return this.#window.program
  }

  /** The X window id. */
  get window(): string {
    return this.#window.id
  }

  /** complaints are console errors and warnings, script errors and violations of the policy, so far. */
  get complaints(): Complaint[] {
    return this.inspector.complaints
  }

  evaluate<A extends unknown[], T>(code: (...args: A) => T | Promise<T>, ...args: A): Promise<T> {
    return this.inspector.evaluate(code, ...args)
  }

  /** text is the visible text of the first element that matches, or undefined when there is none. */
  async text(where: Where): Promise<string | undefined> {
    return this.evaluate((found) => find(found)?.innerText, where)
  }

  /** see waits until the element shows the text (a part of it, or what matches). */
  async see(text: string | RegExp, where: Where = 'body'): Promise<void> {
    await until(`"${text}" in ${name(where)}`, async () => {
      this.program.alive()
      const last = await this.text(where)
      if (last === undefined) return false
      if (typeof text === 'string' ? last.includes(text) : text.test(last)) return true
      throw new Error(`it shows "${last.slice(0, 500)}"`)
    })
  }

  /** click clicks the element with the pointer, once it stands still and nothing covers it. */
  async click(where: Where): Promise<void> {
    const { x, y, width, height } = await until(`${name(where)} to be ready for a click`, () => {
      this.program.alive()
      return this.evaluate(standingStill, where)
    })
    const origin = await this.#origin()
    await this.display.click(Math.round(origin.x + x + width / 2), Math.round(origin.y + y + height / 2))
  }

  /** fill clicks a text field, empties it and writes into it, key by key, until it holds the text. */
  async fill(where: Where, text: string): Promise<void> {
    await this.click(where)
    await until(`${name(where)} to have the focus`, () =>
      this.evaluate((found) => document.activeElement === find(found), where),
    )
    await this.press('ctrl+a', 'Delete')
    if (text !== '') await this.display.type(text)
    await until(`${name(where)} to hold what was written`, () =>
      this.evaluate(
        (found, want) => (find(found) as HTMLInputElement | undefined)?.value === want,
        where,
        text,
      ),
    )
  }

  /** write types into whatever has the focus, without waiting for what becomes of it. */
  async write(text: string): Promise<void> {
    await this.display.type(text)
  }

  /** press presses keys in the window: Return, Tab, ctrl+k. */
  async press(...keys: string[]): Promise<void> {
    await this.display.press(...keys)
  }

  /** resize gives the window another size, in pixels, and waits until the page has it. */
  async resize(width: number, height: number): Promise<void> {
    await this.display.xdotool('windowsize', this.window, String(width), String(height))
    await until(`the page to be ${width} by ${height}`, () =>
      this.evaluate((w, h) => innerWidth === w && innerHeight === h, width, height),
    )
  }

  /** dialog waits for a native dialog of the program, whatever its title, and gives it the keyboard. */
  async dialog(): Promise<string> {
    const id = await until('a dialog', async () => {
      this.program.alive()
      const windows = await this.display.windows(this.program.pid, '')
      return windows.find((window) => window !== this.window)
    })
    await this.display.focus(id)
    return id
  }

  /** backFromDialog waits until the dialog is gone and gives the keyboard back to the window. */
  async backFromDialog(dialog: string): Promise<void> {
    await until('the dialog to be gone', async () => {
      this.program.alive()
      return !(await this.display.windows(this.program.pid, '')).includes(dialog)
    })
    await this.display.focus(this.window)
  }

  /** faults runs axe over the page as it is now. */
  async faults(): Promise<Fault[]> {
    if (!(await this.evaluate(() => 'axe' in window))) await this.inspector.load(await axeSource())
    return this.evaluate(axeInPage, wcag)
  }

  /** picture writes what the display shows, after the page has drawn, to pictures/<name>.png. */
  async picture(name: string): Promise<string> {
    await this.evaluate(drawn)
    const path = picturePath(name)
    await this.display.picture(path, this.window)
    return path
  }

  async #origin(): Promise<{ x: number; y: number }> {
    const geometry = await this.display.xdotool('getwindowgeometry', '--shell', this.window)
    const value = (name: string) => Number(new RegExp(`^${name}=(-?\\d+)$`, 'm').exec(geometry)?.[1])
    const inner = await this.evaluate(() => ({ width: innerWidth, height: innerHeight }))
    if (value('WIDTH') !== inner.width || value('HEIGHT') !== inner.height)
      throw new Error(`the page (${inner.width} by ${inner.height}) does not fill its window:\n${geometry}`)
    return { x: value('X'), y: value('Y') }
  }
}

/** standingStill runs in the page: the place of an element that can be clicked now, else nothing. */
async function standingStill(where: Where): Promise<Place | undefined> {
  const element = find(where)
  if (element === undefined || element.matches(':disabled, [aria-disabled="true"]')) return undefined
  element.scrollIntoView({ block: 'nearest', inline: 'nearest', behavior: 'instant' })
  const frame = () => new Promise((next) => requestAnimationFrame(next))
  const before = element.getBoundingClientRect()
  await frame()
  await frame()
  const { x, y, width, height } = element.getBoundingClientRect()
  if (width === 0 || x !== before.x || y !== before.y || width !== before.width || height !== before.height)
    return undefined
  const there = document.elementFromPoint(x + width / 2, y + height / 2)
  const label = there?.closest('label') // a click on its label is a click on the field
  const reached =
    there !== null && (element.contains(there) || there.contains(element) || label?.control === element)
  return reached ? { x, y, width, height } : undefined
}

/** drawn runs in the page: true once it has loaded and drawn what it has to draw. */
async function drawn(): Promise<boolean> {
  const frame = () => new Promise((next) => requestAnimationFrame(next))
  await frame()
  await frame()
  return document.readyState === 'complete'
}

/** freePort finds a loopback port that is free now. */
export async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => (typeof address === 'object' && address ? resolve(address.port) : reject()))
    })
  })
}
