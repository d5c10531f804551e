// A security key in software, behind a pseudo-terminal that libfido2 takes for
// a USB device (internal/securitykey/softkey).

import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface, type Interface } from 'node:readline'
import { binaries, type Home } from './place.ts'

export class SoftKey {
  /** Where it is while it is plugged in. */
  readonly path: string
  readonly #child: ChildProcess
  readonly #lines: AsyncIterator<string>
  readonly #reader: Interface

  private constructor(path: string, child: ChildProcess) {
    this.path = path
    this.#child = child
    this.#reader = createInterface({ input: child.stdout! })
    this.#lines = this.#reader[Symbol.asyncIterator]()
  }

  /** plugIn starts a key that is touched whenever it asks; flags say what it is like. */
  static async plugIn(home: Home, name: string, ...flags: string[]): Promise<SoftKey> {
    const path = home.in('run', name)
    const child = spawn(binaries.softkey, ['--link', path, ...flags], { stdio: ['pipe', 'pipe', 'inherit'] })
    const key = new SoftKey(path, child)
    const first = await key.#line()
    if (first !== `ready ${path}`) throw new Error(`the soft key says "${first}"`)
    return key
  }

  /** do has it do something: "touch never", "unplug", "plug", "pin 1234". It returns what it answers. */
  async do(what: string): Promise<string> {
    this.#child.stdin!.write(`${what}\n`)
    const answer = await this.#line()
    if (!answer.startsWith('ok')) throw new Error(`the soft key says "${answer}" to "${what}"`)
    return answer.slice('ok'.length).trim()
  }

  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const over = new Promise((resolve) => this.#child.once('close', resolve))
    this.#child.stdin!.end()
    await over
  }

  async #line(): Promise<string> {
    const { value, done } = await this.#lines.next()
    if (done) throw new Error('the soft key has ended')
    return value
  }
}
