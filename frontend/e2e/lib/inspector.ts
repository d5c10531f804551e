// A look inside the page of a real window, by WebKit's remote inspector.
//
// A binary built with the tag "devtools" has it when the environment variable
// WEBKIT_INSPECTOR_HTTP_SERVER names a loopback address. WebKit then serves a
// list of pages, and for each a WebSocket that speaks the inspector protocol,
// wrapped in messages to the "target" that is the page.

import WebSocket from 'ws'
import { find } from './find.ts'
import { until } from './wait.ts'

/** What a page complained about: console errors and warnings, script errors, violations of its policy. */
export type Complaint = { source: string; level: string; text: string }

type Message = {
  id?: number
  method?: string
  params?: Record<string, unknown>
  result?: unknown
  error?: { message: string }
}
type RemoteObject = {
  type: string
  subtype?: string
  value?: unknown
  objectId?: string
  description?: string
}
type Evaluated = { result: RemoteObject; wasThrown?: boolean }

export class Inspector {
  readonly complaints: Complaint[] = []
  readonly #socket: WebSocket
  readonly #waiting = new Map<
    number,
    { resolve: (result: unknown) => void; reject: (error: Error) => void }
  >()
  #target: string | undefined
  #lastId = 0
  #closed = false

  private constructor(socket: WebSocket) {
    this.#socket = socket
    socket.on('message', (data) => this.#receive(JSON.parse(String(data)) as Message))
    socket.on('error', () => this.#fail())
    socket.on('close', () => this.#fail())
  }

  /** pages returns the socket addresses of the pages that can be inspected at host:port. */
  static async pages(address: string): Promise<string[]> {
    const list = await (await fetch(`http://${address}/`, { signal: AbortSignal.timeout(5_000) })).text()
    return [...list.matchAll(/'(\/socket\/[^']+\/WebPage)'/g)].map((match) => `ws://${address}${match[1]}`)
  }

  /** connect waits until there is a page at host:port and attaches to it. */
  static async connect(address: string, alive: () => void): Promise<Inspector> {
    const page = await until('the page to be open to inspection', async () => {
      alive()
      return (await Inspector.pages(address))[0]
    })
    const inspector = new Inspector(new WebSocket(page, { perMessageDeflate: false }))
    await until('the inspector to find its target', () => {
      alive()
      return inspector.#target
    })
    await inspector.#send('Runtime.enable')
    await inspector.#send('Console.enable')
    return inspector
  }

  close(): void {
    this.#socket.close()
  }

  /**
   * evaluate runs a function in the page and returns what it returns, or what
   * the promise that it returns comes to. The function must not use anything
   * from outside but find (find.ts) and its arguments, which travel as JSON, as
   * the answer does.
   */
  async evaluate<A extends unknown[], T>(code: (...args: A) => T | Promise<T>, ...args: A): Promise<T> {
    const call = `((find) => ${code.toString()})(${find.toString()})(...${JSON.stringify(args)})`
    // Answers are made text in the page: undefined and null stay apart that way.
    const expression = `Promise.resolve().then(() => ${call}).then((value) => JSON.stringify({ value }))`
    const promise = (await this.#send('Runtime.evaluate', { expression })) as Evaluated
    if (promise.wasThrown || promise.result.objectId === undefined)
      throw new Error(`in the page: ${promise.result.description ?? 'no answer'}`)
    const answer = (await this.#send('Runtime.awaitPromise', {
      promiseObjectId: promise.result.objectId,
      returnByValue: true,
    })) as Evaluated
    if (answer.wasThrown)
      throw new Error(`in the page: ${answer.result.description ?? String(answer.result.value)}`)
    return (JSON.parse(String(answer.result.value)) as { value: T }).value
  }

  /**
   * load brings a library into the page, past its policy, as a person with dev
   * tools could. It goes in pieces: WebKit hangs up on messages over 128 KiB.
   */
  async load(source: string): Promise<void> {
    await this.#do('globalThis.gatehouseTestLibrary = ""')
    for (let start = 0; start < source.length; start += 32_768)
      await this.#do(
        `globalThis.gatehouseTestLibrary += ${JSON.stringify(source.slice(start, start + 32_768))}`,
      )
    await this.#do('(0, eval)(gatehouseTestLibrary); delete globalThis.gatehouseTestLibrary')
  }

  async #do(expression: string): Promise<void> {
    const done = (await this.#send('Runtime.evaluate', { expression: `${expression};0` })) as Evaluated
    if (done.wasThrown) throw new Error(`in the page: ${done.result.description}`)
  }

  #send(method: string, params: Record<string, unknown> = {}): Promise<unknown> {
    if (this.#closed || this.#target === undefined)
      return Promise.reject(new Error(`${method}: the inspector is not connected`))
    const id = ++this.#lastId
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject: (error) => reject(new Error(`${method}: ${error.message}`)) })
      const message = JSON.stringify({ id, method, params })
      this.#socket.send(
        // The answer to the wrapping says only that it was passed on.
        JSON.stringify({
          id,
          method: 'Target.sendMessageToTarget',
          params: { targetId: this.#target, message },
        }),
      )
    })
  }

  #receive(outer: Message): void {
    switch (outer.method) {
      case 'Target.targetCreated': {
        const info = outer.params!.targetInfo as { targetId: string; type: string }
        if (info.type === 'page') this.#target ??= info.targetId
        return
      }
      case 'Target.dispatchMessageFromTarget':
        return this.#receiveFromPage(JSON.parse(outer.params!.message as string) as Message)
    }
  }

  #receiveFromPage(message: Message): void {
    if (message.method === 'Console.messageAdded') {
      const { source, level, text } = message.params!.message as Complaint
      if (level === 'error' || level === 'warning') this.complaints.push({ source, level, text })
      return
    }
    if (message.id === undefined) return
    const waiting = this.#waiting.get(message.id)
    this.#waiting.delete(message.id)
    if (message.error) waiting?.reject(new Error(message.error.message))
    else waiting?.resolve(message.result)
  }

  #fail(): void {
    this.#closed = true
    for (const waiting of this.#waiting.values()) waiting.reject(new Error('the inspector was cut off'))
    this.#waiting.clear()
  }
}
