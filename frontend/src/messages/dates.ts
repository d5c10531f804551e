import { serverNow } from '../api/clock'
import { language, t } from './index.svelte'

/** The reader's own region if it speaks the language of the app: dates look as they do elsewhere on the computer. */
function locale(): string {
  const own = navigator.languages.find((tag) => tag.startsWith(`${language()}-`))
  return own ?? { en: 'en-GB', de: 'de-DE' }[language()]
}

const formats = new Map<string, Intl.DateTimeFormat>()

function format(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = locale() + JSON.stringify(options)
  let made = formats.get(key)
  if (!made) formats.set(key, (made = new Intl.DateTimeFormat(locale(), options)))
  return made
}

/** To the second, with the zone: what a hover shows. */
export const exact = (at: string) => format({ dateStyle: 'full', timeStyle: 'long' }).format(new Date(at))
export const dateAndTime = (at: string) => format({ dateStyle: 'medium', timeStyle: 'short' }).format(new Date(at))
export const date = (at: string) => format({ dateStyle: 'medium' }).format(new Date(at))
export const time = (at: string) => format({ timeStyle: 'short' }).format(new Date(at))

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
  return format({ weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' }).format(new Date(at))
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
  return new Intl.RelativeTimeFormat(language(), { numeric: 'auto' }).format(Math.round(seconds / size), unit)
}

/** Minutes and seconds, as in 4:05. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.ceil(seconds))
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`
}
