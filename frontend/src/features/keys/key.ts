import type { Schema } from '../../api/client'
import { serverNow } from '../../api/clock'
import { dateAndTime, day } from '../../messages/dates'
import { t } from '../../messages/index.svelte'
import { dayMs, hourMs, newDays, staleDays } from './days'

export type Key = Schema['Key']
export type ListedKey = Schema['ListedKey']
export type Detail = Schema['KeyDetail']
export type Permission = Schema['Permission']['permission']
export type Channel = 'API' | 'ISPROXY'

export const channels = ['API', 'ISPROXY'] as const satisfies readonly Channel[]
/** What stands for every domain. */
export const everyDomain = '*'

const untilEnd = ({ expiresAt }: Pick<Key, 'expiresAt'>) => Date.parse(expiresAt) - serverNow()
export const isOver = (key: Pick<Key, 'state'>) => key.state === 'expired'

/** The last day of a key; one that ends within a day has none. */
export function lastDay({ expiresAt }: Pick<Key, 'expiresAt'>): string | undefined {
  const end = Date.parse(expiresAt)
  return end % dayMs === 0 ? new Date(end - 1).toISOString().slice(0, 10) : undefined
}

/** When a key ends, in words: its last day or, where it was cut or rotated, the moment. */
export function endText(key: Pick<Key, 'expiresAt'>): string {
  const last = lastDay(key)
  return last ? day(last) : dateAndTime(key.expiresAt)
}

export interface Mark {
  id: 'over' | 'rotated' | 'expiring' | 'new' | 'never' | 'stale'
  tone: 'good' | 'warn' | 'bad' | 'quiet'
  text: string
}

/** What should be seen of a key at a glance; nothing of one that is as it should be. */
export function marks(key: Key): Mark[] {
  if (isOver(key)) return [{ id: 'over', tone: 'quiet', text: t('keys.over') }]
  return [...ending(key), ...unused(key)]
}

function ending(key: Key): Mark[] {
  const hours = Math.max(1, Math.round(untilEnd(key) / hourMs))
  const days = Math.floor(untilEnd(key) / dayMs)
  if (key.state === 'rotated')
    return [
      {
        id: 'rotated',
        tone: 'warn',
        text: hours < 48 ? t('keys.oldHours', { n: hours }) : t('keys.oldDays', { n: days }),
      },
    ]
  if (key.state !== 'expiring') return []
  return [
    {
      id: 'expiring',
      tone: 'warn',
      text: hours < 48 ? t('keys.inHours', { n: hours }) : t('keys.inDays', { n: days }),
    },
  ]
}

function unused({ lastUsedAt, createdAt, stale }: Key): Mark[] {
  if (lastUsedAt) return stale ? [{ id: 'stale', tone: 'warn', text: t('keys.stale', { n: staleDays }) }] : []
  const fresh = serverNow() - Date.parse(createdAt) < newDays * dayMs
  return [
    fresh ? { id: 'new', tone: 'good', text: t('keys.new') } : { id: 'never', tone: 'warn', text: t('keys.never') },
  ]
}

/** From where, in a few words. */
export const fromText = (ranges: readonly string[]) =>
  ranges.length === 0
    ? t('keys.anywhere')
    : ranges.length <= 2
      ? ranges.join(', ')
      : t('keys.ranges', { n: ranges.length })

/** For which domains, in a few words. */
export const domainsText = (domains: readonly string[]) =>
  domains.includes(everyDomain)
    ? t('keys.allDomains')
    : domains.length <= 2
      ? domains.join(', ')
      : t('keys.domainsN', { n: domains.length })

const channelNames = { API: 'API', ISPROXY: 'ISProxy', WEB: 'Web' } as const
export const channelsText = (all: readonly Key['channels'][number][]) => all.map((one) => channelNames[one]).join(', ')
export const channelName = (one: Channel) => channelNames[one]
