import type { Schema } from '../../api/client'
import { serverNow } from '../../api/clock'
import type { User } from './list.svelte'

/** Service users: programs with an owner and a last day, which is a day by UTC. */

type Terms = Schema['ServiceTerms']
/** A user that is a program. */
export type Service = User & { service: Terms }

const dayMs = 86_400_000
/** From how many days before its end on people should think of it. */
export const soon = 30

const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10)
export const today = () => dayOf(serverNow())
/** The day that comes so many days after today. */
export const inDays = (n: number) => dayOf(serverNow() + n * dayMs)
/** The day that comes so many years after today; of a leap day, the first of March. */
export function inYears(n: number) {
  const then = new Date(serverNow())
  then.setUTCFullYear(then.getUTCFullYear() + n)
  return dayOf(then.getTime())
}
/** No service user may live longer unseen. */
export const latestDay = () => inYears(2)

/** How many days come after today until the last one: 0 on the last day itself. */
export const daysLeft = ({ expiresOn }: Terms) => Math.round((Date.parse(expiresOn) - Date.parse(today())) / dayMs)
