// The real server on a loopback port that is free, with a database of its own.

import { binaries, Home } from './place.ts'
import { Program, run } from './program.ts'
import { until } from './wait.ts'

/** How to sign in to a practice database. */
export type Way = { name: string; login: string; password: string; key?: string }

/** place names a database in a home, and the file with its key, for the command line. */
export function place(home: Home): string[] {
  return [
    '--db',
    `sqlite:${home.in('data', 'gatehouse.db')}`,
    '--key-file',
    home.in('config', 'gatehouse.key'),
  ]
}

/** practise fills the database of a home with a made-up registrar and returns how to sign in. */
export async function practise(home: Home, users = 36): Promise<Way[]> {
  const said = await run(binaries.gate, ['demo', '--users', String(users), ...place(home)], home.env())
  const ways = [
    ...said.matchAll(/^ {2}(\S.*)\n {4}login +(\S+)\n {4}password +(\S+)\n(?:.*\n.*: ([A-Z2-7 ]{32,})$)?/gm),
  ]
  if (ways.length === 0) throw new Error(`no way to sign in found in:\n${said}`)
  return ways.map(([, name, login, password, key]) => ({
    name: name!,
    login: login!,
    password: password!,
    ...(key === undefined ? {} : { key }),
  }))
}

export class Gate {
  readonly home: Home
  readonly program: Program
  /** Where it answers: http://127.0.0.1:PORT */
  readonly address: string
  /** From the start of the process until it said that it is ready, in ms. */
  readonly startedIn: number

  private constructor(home: Home, program: Program, address: string, startedIn: number) {
    this.home = home
    this.program = program
    this.address = address
    this.startedIn = startedIn
  }

  /** open starts the server in a home and waits for the line that says it is ready. */
  static async open(home: Home, ...args: string[]): Promise<Gate> {
    const started = performance.now()
    const program = await Program.start(
      binaries.gate,
      ['serve', '--listen', '127.0.0.1:0', ...place(home), ...args],
      home.env(),
    )
    try {
      const address = await until('the server to be ready', () => {
        program.alive()
        return /ready at (http\S+)\n/.exec(program.stdout)?.[1]
      })
      return new Gate(home, program, address, performance.now() - started)
    } catch (error) {
      await program.end()
      throw error
    }
  }

  /** setupCode is the code that it printed for whoever sets it up. */
  get setupCode(): string {
    const code = /set-up code:\s+(\S+)/.exec(this.program.stderr)?.[1]
    if (code === undefined) throw new Error(`no set-up code in:\n${this.program.stderr}`)
    return code
  }

  /** close ends the server and returns how it ended. */
  async close(): Promise<string> {
    return this.program.end()
  }
}
