// A mail server on loopback that takes mail in clear, as far as SMTP (RFC 5321) needs to go for that.

import { createServer, type Server, type Socket } from 'node:net'

/** Mail is one that came in, as it came. */
export type Mail = { to: string; raw: string }

export class MailServer {
  readonly mails: Mail[] = []
  readonly #server: Server
  readonly #open = new Set<Socket>()

  private constructor() {
    this.#server = createServer((socket) => this.#talk(socket))
  }

  static async start(): Promise<MailServer> {
    const mail = new MailServer()
    await new Promise<void>((ready) => mail.#server.listen(0, '127.0.0.1', ready))
    return mail
  }

  get port(): number {
    const address = this.#server.address()
    if (address === null || typeof address === 'string') throw new Error('the mail server does not listen')
    return address.port
  }

  async stop(): Promise<void> {
    for (const socket of this.#open) socket.destroy()
    await new Promise<void>((ended) => this.#server.close(() => ended()))
  }

  /** talk is one conversation. Whoever is called gone@… lives here no more. */
  #talk(socket: Socket): void {
    this.#open.add(socket)
    socket.on('close', () => this.#open.delete(socket))
    socket.on('error', () => socket.destroy())
    const say = (line: string) => socket.write(`${line}\r\n`)
    let heard = ''
    let to = ''
    let inData = false
    const answer = (line: string) => {
      const word = line.slice(0, 4).toUpperCase()
      if (word === 'EHLO') return say('250-mail.example\r\n250 8BITMIME')
      if (word === 'RCPT') to = /<([^>]*)>/.exec(line)?.[1] ?? ''
      if (word === 'RCPT' && to.startsWith('gone@')) return say('550 5.1.1 No such user <b>here</b>')
      if (word === 'DATA') {
        inData = true
        return say('354 Go on')
      }
      if (word === 'QUIT') return socket.end('221 Bye\r\n')
      return say('250 OK')
    }
    socket.setEncoding('utf8').on('data', (text: string) => {
      heard += text
      for (;;) {
        const end = inData ? '\r\n.\r\n' : '\r\n'
        const at = heard.indexOf(end)
        if (at < 0) return
        const said = heard.slice(0, at)
        heard = heard.slice(at + end.length)
        if (!inData) answer(said)
        else {
          inData = false
          this.mails.push({ to, raw: said })
          say('250 OK, taken')
        }
      }
    })
    say('220 mail.example')
  }
}
