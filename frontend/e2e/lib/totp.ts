// The authenticator app of the tests: time-based codes (RFC 6238, SHA-1, 30 s, 6 digits).

import { createHmac } from 'node:crypto'
import { until } from './wait.ts'

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
const stepMs = 30_000

/** decodeKey reads a key as people type it over: base32, spaces and case do not matter. */
export function decodeKey(key: string): Buffer {
  let bits = ''
  for (const letter of key.replace(/[\s=-]/g, '').toUpperCase()) {
    const value = alphabet.indexOf(letter)
    if (value < 0) throw new Error(`"${letter}" is not a letter of base32`)
    bits += value.toString(2).padStart(5, '0')
  }
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)))
}

/** codeAt is the code of a time step (milliseconds since 1970 divided by 30,000). */
export function codeAt(key: string, step: number): string {
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(step))
  const mac = createHmac('sha1', decodeKey(key)).update(counter).digest()
  const offset = mac[mac.length - 1]! & 0xf
  return String((mac.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, '0')
}

/**
 * Authenticator gives codes of one key and never the same step twice, since
 * each works once. The code before the current one is good too, so it begins
 * with that (unless its time is nearly over) and saves a wait of half a minute.
 */
export class Authenticator {
  readonly #key: string
  #lastStep = 0

  constructor(key: string) {
    this.#key = key
  }

  async code(): Promise<string> {
    const step = await until(
      'the next code',
      () => {
        const now = Date.now() / stepMs
        const current = Math.floor(now)
        const oldest = now - current < 0.6 ? current - 1 : current
        const next = Math.max(this.#lastStep + 1, oldest)
        return next <= current ? next : undefined
      },
      stepMs + 5_000,
    )
    this.#lastStep = step
    return codeAt(this.#key, step)
  }
}
