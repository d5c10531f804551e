// A registrar's API on loopback: a few routes of Realtime Register's v2, for
// whoever shows its credential, and a program that speaks to ISProxy.

import { createServer, type Server } from 'node:http'
import { connect } from 'node:net'

export class Registrar {
  /** What its customer was given. */
  readonly credential = 'q7Zk+T1vX0/9mQ4bN8cL2pRw5sYd6uHf3gJaEoViK1M='
  /** Method and path of what came with the right credential. */
  readonly seen: string[] = []
  readonly #server: Server

  private constructor() {
    this.#server = createServer((request, answer) => {
      const say = (status: number, body: unknown) =>
        answer.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body))
      if (request.headers.authorization !== `ApiKey ${this.credential}`)
        return say(401, { type: 'AuthenticationError', message: 'No.' })
      this.seen.push(`${request.method} ${request.url}`)
      if (request.url?.startsWith('/v2/domains/'))
        return say(200, { domainName: 'example.be', status: ['OK'] })
      return say(200, { entities: [], pagination: { total: 0, limit: 10, offset: 0 } })
    })
  }

  static async start(): Promise<Registrar> {
    const registrar = new Registrar()
    await new Promise<void>((ready) => registrar.#server.listen(0, '127.0.0.1', ready))
    return registrar
  }

  get url(): string {
    const address = this.#server.address()
    if (address === null || typeof address === 'string') throw new Error('the registrar does not listen')
    return `http://127.0.0.1:${address.port}`
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((ended) => this.#server.close(ended))
  }
}

/** askLines sends lines to ISProxy and gives what it answers until it closes. */
export async function askLines(address: string, ...lines: string[]): Promise<string[]> {
  const at = address.lastIndexOf(':')
  return new Promise((resolve, reject) => {
    const socket = connect(Number(address.slice(at + 1)), address.slice(0, at))
    let said = ''
    socket.setEncoding('utf8').on('data', (text: string) => (said += text))
    socket.once('error', reject)
    socket.once('close', () => resolve(said.split('\r\n').filter(Boolean)))
    socket.write(lines.map((line) => `${line}\n`).join(''))
  })
}
