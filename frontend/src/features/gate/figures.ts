import type { Gate } from './doors.svelte'

type Gateway = NonNullable<Gate['gateway']>
export interface Minute {
  at: string
  requests: number
  refused: number
  failed: number
}

const minuteMs = 60_000
export const shownMinutes = 60

/** The last hour minute by minute, oldest first, with those in which nothing came. */
export function lastHour(minutes: Gateway['minutes'], now: number): Minute[] {
  const known = new Map(minutes.map((one) => [Math.floor(Date.parse(one.at) / minuteMs), one]))
  const last = Math.floor(now / minuteMs)
  return Array.from({ length: shownMinutes }, (_, i) => {
    const number = last - shownMinutes + 1 + i
    return known.get(number) ?? { at: new Date(number * minuteMs).toISOString(), requests: 0, refused: 0, failed: 0 }
  })
}

/** Host and port of an address like [::1]:2001. */
export function hostAndPort(address: string): [host: string, port: string] {
  const at = address.lastIndexOf(':')
  return [address.slice(0, at).replace(/^\[|\]$/g, ''), address.slice(at + 1)]
}

/** How many calls came in the last hour. */
export const callsOf = (minutes: Gateway['minutes']) => minutes.reduce((sum, { requests }) => sum + requests, 0)
