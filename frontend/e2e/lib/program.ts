// Programs that the tests start, and end again by their process id.

import { spawn, execFile, type ChildProcess } from 'node:child_process'
import { promisify } from 'node:util'
import { Hopeless } from './wait.ts'

/** run waits for a short program and returns its standard output. */
export async function run(
  file: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<string> {
  const { stdout } = await promisify(execFile)(file, args, { env, timeout: 30_000, maxBuffer: 64 << 20 })
  return stdout
}

/** Program is a running program of ours. */
export class Program {
  readonly name: string
  readonly pid: number
  /** Everything written so far. */
  stdout = ''
  stderr = ''
  /** How it ended, or undefined while it runs. */
  ended: string | undefined
  readonly #child: ChildProcess
  readonly #end: Promise<void>

  private constructor(name: string, child: ChildProcess, pid: number) {
    this.name = name
    this.pid = pid
    this.#child = child
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.stdout += text))
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr += text))
    this.#end = new Promise((resolve) =>
      child.once('close', (code, signal) => {
        this.ended = signal ?? `code ${code}`
        resolve()
      }),
    )
  }

  /** start gives the program nothing on stdin and only the environment given. */
  static async start(file: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Program> {
    const child = spawn(file, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve)
      child.once('error', (error) => reject(new Error(`start ${file}: ${error.message}`)))
    })
    return new Program(file.slice(file.lastIndexOf('/') + 1), child, child.pid!)
  }

  /** alive throws when the program has ended, with what it said. */
  alive(): void {
    if (this.ended !== undefined)
      throw new Hopeless(`${this.name} has ended (${this.ended})\n${this.stdout}${this.stderr}`)
  }

  /** end asks the program to stop, insists after a while, and returns how it ended. */
  async end(): Promise<string> {
    if (this.ended === undefined) {
      this.#child.kill('SIGTERM')
      const insist = setTimeout(() => this.#child.kill('SIGKILL'), 10_000)
      await this.#end
      clearTimeout(insist)
    }
    // Whoever expected another end wants to know what it said last.
    return this.ended === 'code 0' ? this.ended : `${this.ended}: ${this.stderr.slice(-4000)}`
  }

  /** exit waits until the program ends by itself. */
  async exit(): Promise<string> {
    await this.#end
    return this.ended!
  }
}
