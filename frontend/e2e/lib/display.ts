// A display of its own for a test: Xvfb, real key presses and clicks by
// xdotool, pictures by ImageMagick.

import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { spawn } from 'node:child_process'
import { run } from './program.ts'
import { until } from './wait.ts'

export class Display {
  /** As in the variable DISPLAY. */
  readonly name: string
  readonly #env: NodeJS.ProcessEnv
  readonly #stop: () => Promise<void>

  private constructor(name: string, stop: () => Promise<void>) {
    this.name = name
    // xdotool writes letters beyond ASCII only when the locale has them.
    this.#env = { PATH: process.env.PATH, DISPLAY: name, LC_ALL: 'C.UTF-8' }
    this.#stop = stop
  }

  /** start opens a display with a number that the X server itself finds free; it listens on no network. */
  static async start(width = 1400, height = 900): Promise<Display> {
    const child = spawn(
      'Xvfb',
      ['-displayfd', '3', '-screen', '0', `${width}x${height}x24`, '-nolisten', 'tcp', '-noreset'],
      { stdio: ['ignore', 'ignore', 'pipe', 'pipe'], env: { PATH: process.env.PATH } },
    )
    let said = ''
    let number = ''
    let ended = false
    child.stderr!.setEncoding('utf8').on('data', (text: string) => (said += text))
    const numberPipe = child.stdio[3] as NodeJS.ReadableStream
    numberPipe.on('data', (text: Buffer) => (number += text.toString()))
    const end = new Promise<void>((resolve) => {
      const over = () => ((ended = true), resolve())
      child.once('close', over)
      child.once('error', (error) => ((said += error.message), over()))
    })
    await until('the X server to name its display', () => {
      if (ended) throw new Error(`Xvfb has ended: ${said}`)
      return number.endsWith('\n')
    })
    const display = new Display(`:${number.trim()}`, async () => {
      child.kill('SIGTERM')
      await end
    })
    // A keyboard that has the letters of Western Europe. For a letter that is
    // on no key, xdotool changes the keyboard for a moment, which GTK may miss.
    await run('setxkbmap', ['eu'], display.#env)
    return display
  }

  async stop(): Promise<void> {
    await this.#stop()
  }

  /** xdotool runs one xdotool command and returns what it prints. */
  async xdotool(...args: string[]): Promise<string> {
    return (await run('xdotool', args, this.#env)).trim()
  }

  /** windows returns the ids of the visible windows of a process with this title (a regular expression). */
  async windows(pid: number, title: string): Promise<string[]> {
    try {
      const ids = await this.xdotool(
        'search',
        '--all',
        '--onlyvisible',
        '--pid',
        String(pid),
        '--name',
        title,
      )
      return ids.split('\n').filter(Boolean)
    } catch {
      return [] // xdotool fails when it finds none
    }
  }

  /** focus gives the keyboard to a window, as a window manager would. */
  async focus(window: string): Promise<void> {
    await until(`window ${window} to have the keyboard`, async () => {
      await this.xdotool('windowfocus', window)
      return (await this.xdotool('getwindowfocus')) === window
    })
  }

  /** type presses the keys that write a text, in the window that has the keyboard. */
  async type(text: string): Promise<void> {
    await this.xdotool('type', '--delay', '15', '--', text)
  }

  /** press presses a key or a combination in the words of xdotool: Return, Tab, ctrl+k. */
  async press(...keys: string[]): Promise<void> {
    for (const key of keys) await this.xdotool('key', '--', key)
  }

  /** click moves the pointer to a place on the display and presses its first button. */
  async click(x: number, y: number): Promise<void> {
    await this.xdotool('mousemove', String(x), String(y), 'click', '1')
  }

  /** colours counts the different colours that a window shows. */
  async colours(window: string): Promise<number> {
    const { path, remove } = await scratch()
    try {
      await this.picture(path, window)
      return Number(await run('identify', ['-format', '%k', path], this.#env))
    } finally {
      await remove()
    }
  }

  /** picture writes what the display shows to a PNG file. */
  async picture(path: string, window = 'root'): Promise<void> {
    await mkdir(dirname(path), { recursive: true })
    await run('import', ['-silent', '-window', window, `png:${path}`], this.#env)
  }
}

/** scratch is a file for a picture that nobody keeps. */
async function scratch(): Promise<{ path: string; remove: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'gatehouse-picture-'))
  return { path: join(folder, 'picture.png'), remove: () => rm(folder, { recursive: true }) }
}
