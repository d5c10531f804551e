// The real Gate on a loopback port of its own, with a database of its own.

import { Home, binaries } from './place.ts'
import { Program, run } from './program.ts'
import { until } from './wait.ts'

/** Way is how somebody signs in to practice data. */
export type Way = { name: string; login: string; password: string; authenticatorKey?: string }

export class Gate {
  readonly home: Home
  readonly url: string
  readonly #program: Program

  private constructor(home: Home, program: Program, url: string) {
    this.home = home
    this.#program = program
    this.url = url
  }

  /** start serves an empty installation, or practice data with that many users; more says how. */
  static async start(practiceUsers = 0, ...more: string[]): Promise<Gate> {
    const home = await Home.make()
    try {
      if (practiceUsers > 0) await command(home, 'demo', '--users', String(practiceUsers))
      const program = await Program.start(
        binaries.gate,
        ['serve', '--listen', '127.0.0.1:0', ...more, ...installation(home)],
        home.env(),
      )
      const url = await until('the Gate to be ready', () => {
        program.alive()
        return /ready at (\S+)/.exec(program.stdout)?.[1]
      })
      return new Gate(home, program, url)
    } catch (error) {
      await home.remove()
      throw error
    }
  }

  /** setupCode is the code that was printed for whoever sets up. */
  setupCode(): string {
    const code = /^ {4}((?:[0-9A-Z]{4}-){4}[0-9A-Z]{5})$/m.exec(this.#program.stderr)?.[1]
    if (code === undefined) throw new Error(`no set-up code in: ${this.#program.stderr}`)
    return code
  }

  /** ways are the people of the practice data that one can sign in as. */
  async ways(): Promise<Way[]> {
    return ways(await this.command('demo', '--json'))
  }

  /** isproxy is where the lines are answered. */
  isproxy(): string {
    const address = /^ISProxy answers at (\S+)\.$/m.exec(this.#program.stderr)?.[1]
    if (address === undefined) throw new Error(`no ISProxy in: ${this.#program.stderr}`)
    return address
  }

  /** command runs a command of the product on the same database. */
  command(...args: string[]): Promise<string> {
    return command(this.home, ...args)
  }

  /** stop ends the Gate and says how it ended. */
  async stop(): Promise<string> {
    const how = await this.#program.end()
    await this.home.remove()
    return how
  }
}

/** installation names the database in a home, and the file with its key, for the command line. */
export const installation = (home: Home): string[] => [
  '--db',
  `sqlite:${home.in('data', 'gatehouse.db')}`,
  '--key-file',
  home.in('config', 'gatehouse.key'),
]

/** command runs a command of the product on the database in a home. */
export function command(home: Home, ...args: string[]): Promise<string> {
  return run(binaries.gate, [...args, ...installation(home)], home.env())
}

/** practise fills the database in a home with practice data and says how to sign in. */
export async function practise(home: Home, users: number): Promise<Way[]> {
  return ways(await command(home, 'demo', '--users', String(users), '--json'))
}

const ways = (answer: string): Way[] => (JSON.parse(answer) as { ways: Way[] }).ways
