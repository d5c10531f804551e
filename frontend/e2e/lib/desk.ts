// The real window under real hands: keys and clicks come from the X server,
// and what the page shows is read through WebKit's inspector.

import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { axeInPage, axeSource, wcag, type Fault } from './axe.ts'
import { Display } from './display.ts'
import { find, name, type Where } from './find.ts'
import { Inspector, type Complaint } from './inspector.ts'
import { Home, picturePath, root } from './place.ts'
import { Program, run } from './program.ts'
import { until } from './wait.ts'

export type DeskOptions = {
  /** The binary, built with the tag "devtools". */
  binary: string
  args?: readonly string[]
  env?: NodeJS.ProcessEnv
  /** The home to run in, which then is the caller's to remove; else a new one. */
  home?: Home
  /** The theme of the desktop that the page follows. */
  theme?: 'light' | 'dark'
  /** The language of the desktop, as the system names it: de_DE. */
  language?: string
  /** Title of the window, a regular expression. */
  title?: string
  /** What has to be in the home before the window opens. */
  before?: (home: Home) => Promise<unknown>
}

/** Place is the rectangle of an element, in CSS pixels of the page. */
type Place = { x: number; y: number; width: number; height: number }

export class Desk {
  readonly home: Home
  readonly display: Display
  readonly program: Program
  readonly inspector: Inspector
  /** The X window id. */
  readonly window: string
  /** From the start of the process until the page had run its scripts and drawn, in ms. */
  readonly startedIn: number

  readonly #removeHome: () => Promise<void>

  private constructor(
    parts: Pick<Desk, 'home' | 'display' | 'program' | 'inspector' | 'window' | 'startedIn'>,
    removeHome: () => Promise<void>,
  ) {
    this.home = parts.home
    this.display = parts.display
    this.program = parts.program
    this.inspector = parts.inspector
    this.window = parts.window
    this.startedIn = parts.startedIn
    this.#removeHome = removeHome
  }

  /** open starts the binary on a new display, in a home of its own, and waits until its page is ready. */
  static async open(options: DeskOptions): Promise<Desk> {
    const home = options.home ?? (await Home.make())
    const removeHome = async () => (options.home === undefined ? home.remove() : undefined)
    const undo: (() => Promise<unknown>)[] = [removeHome]
    try {
      await options.before?.(home)
      const display = await Display.start()
      undo.unshift(() => display.stop())
      const address = `127.0.0.1:${await freePort()}`
      const started = performance.now()
      const program = await Program.start(options.binary, options.args ?? [], {
        ...home.env(),
        DISPLAY: display.name,
        WEBKIT_INSPECTOR_HTTP_SERVER: address,
        GTK_THEME: options.theme === 'dark' ? 'Adwaita:dark' : 'Adwaita',
        ...(options.language === undefined ? {} : await locale(options.language)),
        ...options.env,
      })
      undo.unshift(() => program.end())
      const window = await until('the window', async () => {
        program.alive()
        return (await display.windows(program.pid, options.title ?? '^Gatehouse'))[0]
      })
      const inspector = await Inspector.connect(address, () => program.alive())
      undo.unshift(async () => inspector.close())
      await until('the page to be ready', () =>
        inspector.evaluate(
          () =>
            document.readyState === 'complete' &&
            new Promise<boolean>((drawn) =>
              requestAnimationFrame(() => requestAnimationFrame(() => drawn(true))),
            ),
        ),
      )
      const startedIn = performance.now() - started
      await display.focus(window)
      return new Desk({ home, display, program, inspector, window, startedIn }, removeHome)
    } catch (error) {
      for (const step of undo) await step()
      throw error
    }
  }

  /** close ends the program and its display. It returns how the program ended. */
  async close(): Promise<string> {
    this.inspector.close()
    const how = await this.program.end()
    await this.display.stop()
    await this.#removeHome()
    return how
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

  /** dialog waits for a native dialog of the program and gives it the keyboard. */
  async dialog(title: string): Promise<string> {
    const id = await until(`the dialog "${title}"`, async () => {
      this.program.alive()
      return (await this.display.windows(this.program.pid, title))[0]
    })
    await this.display.focus(id)
    return id
  }

  /** faults runs axe over the page as it is now. */
  async faults(): Promise<Fault[]> {
    if (!(await this.evaluate(() => 'axe' in window))) await this.inspector.load(await axeSource())
    return this.evaluate(axeInPage, wcag)
  }

  /** picture writes what the display shows, after the page has drawn, to pictures/<name>.png. */
  async picture(name: string): Promise<string> {
    await this.evaluate(
      () =>
        new Promise<boolean>((drawn) =>
          requestAnimationFrame(() => requestAnimationFrame(() => drawn(true))),
        ),
    )
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

/** locale makes a locale that need not be installed on this machine, and returns the environment that chooses it. */
async function locale(language: string): Promise<NodeJS.ProcessEnv> {
  const folder = join(root, '.cache/e2e/locales')
  const made = join(folder, `${language}.UTF-8`)
  if (!existsSync(made)) {
    await mkdir(folder, { recursive: true })
    await run('localedef', ['--no-archive', '-i', language, '-f', 'UTF-8', made])
  }
  return { LOCPATH: folder, LANG: `${language}.UTF-8` }
}
