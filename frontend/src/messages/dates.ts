import { serverNow } from '../api/clock'
import { language, t, type Language } from './index.svelte'

/** The reader's own region if it speaks the language of the app: dates look as they do elsewhere on the computer. */
const locale = (own: Language) =>
  navigator.languages.find((tag) => tag.startsWith(`${own}-`)) ?? { en: 'en-GB', de: 'de-DE' }[own]

function makeFormats(own: Language) {
  const tag = locale(own)
  const format = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(tag, options)
  return {
    own,
    exact: format({ dateStyle: 'full', timeStyle: 'long' }),
    dateAndTime: format({ dateStyle: 'medium', timeStyle: 'short' }),
    date: format({ dateStyle: 'medium' }),
    plain: format({ dateStyle: 'medium', timeZone: 'UTC' }),
    time: format({ timeStyle: 'short' }),
    day: format({ weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' }),
    relative: new Intl.RelativeTimeFormat(own, { numeric: 'auto' }),
  }
}

// Formats are dear to make and lists ask for thousands of dates.
let made: ReturnType<typeof makeFormats> | undefined
function formats() {
  const own = language()
  if (made?.own !== own) made = makeFormats(own)
  return made
}

/** To the second, with the zone: what a hover shows. */
export const exact = (at: string) => formats().exact.format(new Date(at))
export const dateAndTime = (at: string) => formats().dateAndTime.format(new Date(at))
export const date = (at: string) => formats().date.format(new Date(at))
export const time = (at: string) => formats().time.format(new Date(at))

/** A day that is the same everywhere, such as 2027-03-01: it begins at midnight UTC. */
export const day = (plain: string) => formats().plain.format(new Date(plain))

/** How many days are left until then, a day that has begun counted whole. */
export const daysUntil = (plain: string) => Math.max(0, Math.ceil((Date.parse(plain) - serverNow()) / 86_400_000))

/** The local calendar day, as a key to group by. */
export function dayKey(at: string): string {
  const day = new Date(at)
  return `${day.getFullYear()}-${day.getMonth() + 1}-${day.getDate()}`
}

/** "Today", "Yesterday" or the day in words. */
export function dayName(at: string): string {
  const now = serverNow()
  if (dayKey(at) === dayKey(new Date(now).toISOString())) return t('day.today')
  if (dayKey(at) === dayKey(new Date(now - 86_400_000).toISOString())) return t('day.yesterday')
  return formats().day.format(new Date(at))
}

const steps = [
  ['minute', 60],
  ['hour', 3_600],
  ['day', 86_400],
] as const

/** "3 hours ago" within a week, the date beyond it. */
export function ago(at: string): string {
  const seconds = (Date.parse(at) - serverNow()) / 1000
  const span = Math.abs(seconds)
  if (span < 60) return t('day.now')
  if (span > 7 * 86_400) return date(at)
  const [unit, size] = steps.findLast(([, size]) => span >= size) ?? steps[0]
  return formats().relative.format(Math.round(seconds / size), unit)
}

/** Minutes and seconds, as in 4:05. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.ceil(seconds))
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`
}
