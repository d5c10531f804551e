// An SMS gateway on loopback that takes every text by HTTP, as JSON.

import { createServer, type Server } from 'node:http'

export class SmsServer {
  /** Whatever was asked to be sent, as it came. */
  readonly texts: string[] = []
  readonly #server: Server

  private constructor() {
    this.#server = createServer((request, answer) => {
      let body = ''
      request.setEncoding('utf8').on('data', (part: string) => (body += part))
      request.on('end', () => {
        this.texts.push(body)
        answer.writeHead(202).end('queued <b>1</b>')
      })
    })
  }

  static async start(): Promise<SmsServer> {
    const sms = new SmsServer()
    await new Promise<void>((ready) => sms.#server.listen(0, '127.0.0.1', ready))
    return sms
  }

  get url(): string {
    const address = this.#server.address()
    if (address === null || typeof address === 'string') throw new Error('the SMS gateway does not listen')
    return `http://127.0.0.1:${address.port}/send`
  }

  async stop(): Promise<void> {
    await new Promise((ended) => this.#server.close(ended))
  }
}
