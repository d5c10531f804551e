// A real window on a display of its own.

import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Display } from './display.ts'
import { Home, root } from './place.ts'
import { Program, run } from './program.ts'
import { until } from './wait.ts'

export type WindowOptions = {
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

export class RealWindow {
  readonly home: Home
  readonly display: Display
  readonly program: Program
  /** The X window id. */
  readonly id: string
  /** When the process was started, by performance.now. */
  readonly started: number
  readonly #undo: (() => Promise<unknown>)[]

  private constructor(
    parts: Pick<RealWindow, 'home' | 'display' | 'program' | 'id' | 'started'>,
    undo: (() => Promise<unknown>)[],
  ) {
    this.home = parts.home
    this.display = parts.display
    this.program = parts.program
    this.id = parts.id
    this.started = parts.started
    this.#undo = undo
  }

  /** open starts the binary on a new display, in a home of its own unless one is given, and waits for its window. */
  static async open(options: WindowOptions): Promise<RealWindow> {
    const undo: (() => Promise<unknown>)[] = []
    try {
      const home = options.home ?? (await Home.make())
      if (options.home === undefined) undo.unshift(() => home.remove())
      await options.before?.(home)
      const display = await Display.start()
      undo.unshift(() => display.stop())
      const env = {
        ...home.env(),
        DISPLAY: display.name,
        GTK_THEME: options.theme === 'dark' ? 'Adwaita:dark' : 'Adwaita',
        ...(options.language === undefined ? {} : await locale(options.language)),
        ...options.env,
      }
      const started = performance.now()
      const program = await Program.start(options.binary, options.args ?? [], env)
      undo.unshift(() => program.end())
      const id = await until('the window', async () => {
        program.alive()
        return (await display.windows(program.pid, options.title ?? '^Gatehouse'))[0]
      })
      return new RealWindow({ home, display, program, id, started }, undo)
    } catch (error) {
      for (const step of undo) await step()
      throw error
    }
  }

  /** close ends the program and its display. It returns how the program ended. */
  async close(): Promise<string> {
    const how = await this.program.end()
    for (const step of this.#undo) await step()
    return how
  }
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
