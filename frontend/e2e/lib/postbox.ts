// A mail server on loopback that takes whatever comes, so that tests read the
// mails that people would get.

import { createServer, type Server, type Socket } from 'node:net'
import { until } from './wait.ts'

export class Postbox {
  readonly port: number
  readonly #server: Server
  readonly #mails: string[]

  private constructor(server: Server, mails: string[], port: number) {
    this.#server = server
    this.#mails = mails
    this.port = port
  }

  static async open(): Promise<Postbox> {
    const mails: string[] = []
    const server = createServer((socket) => converse(socket, (mail) => mails.push(mail)))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const at = server.address()
    if (at === null || typeof at === 'string') throw new Error('the postbox has no port')
    return new Postbox(server, mails, at.port)
  }

  /** mail waits for one whose text says so, and returns its text. */
  mail(says: RegExp): Promise<string> {
    return until(`a mail that says ${says}`, () => this.#mails.find((mail) => says.test(mail)))
  }

  async close(): Promise<void> {
    await new Promise((resolve) => this.#server.close(resolve))
  }
}

/** converse speaks SMTP (RFC 5321), as much of it as a client needs to hand over a mail. */
function converse(socket: Socket, take: (mail: string) => void): void {
  const say = (line: string) => socket.write(`${line}\r\n`)
  let heard = ''
  let data = false
  socket.setEncoding('utf8').on('data', (text: string) => {
    heard += text
    for (;;) {
      const end = data ? '\r\n.\r\n' : '\r\n'
      const at = heard.indexOf(end)
      if (at < 0) return
      const part = heard.slice(0, at)
      heard = heard.slice(at + end.length)
      if (data) {
        data = false
        take(readable(part))
        say('250 taken')
      } else if (/^EHLO/i.test(part)) say('250-postbox\r\n250-8BITMIME\r\n250 SMTPUTF8')
      else if (/^DATA/i.test(part)) {
        data = true
        say('354 go on')
      } else if (/^QUIT/i.test(part)) {
        say('221 bye')
        socket.end()
      } else say('250 good')
    }
  })
  socket.on('error', () => socket.destroy())
  say('220 postbox')
}

/** readable undoes the quoted-printable encoding (RFC 2045, section 6.7). */
function readable(raw: string): string {
  const bytes = raw
    .replaceAll(/=\r\n/g, '')
    .replaceAll(/((?:=[\dA-F]{2})+)/g, (run) => Buffer.from(run.replaceAll('=', ''), 'hex').toString('utf8'))
  return bytes.replaceAll('\r\n', '\n')
}
