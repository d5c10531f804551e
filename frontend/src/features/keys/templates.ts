import type { Schema } from '../../api/client'
import type { Channel, Permission } from './key'

/** What a key begins with: a kind of rights, or the job of a program. */

export type Known = Pick<Schema['Permission'], 'permission' | 'costs'>
export interface Template {
  id: 'read' | 'free' | 'all' | 'empty' | 'check' | 'dns' | 'renew' | 'shop' | 'certificates'
  channels: readonly Channel[]
  /** Which of those that can be given it takes. */
  takes: (one: Known) => boolean
}

const both = ['API', 'ISPROXY'] as const
const exactly =
  (...all: Permission[]) =>
  ({ permission }: Known) =>
    all.includes(permission)
/** A transfer code is as good as the domain, so that seeing one is more than reading. */
const reads = ({ permission }: Known) => /^(VIEW|CHECK)_/.test(permission) && permission !== 'VIEW_AUTHCODE'

const nothing: Template = { id: 'empty', channels: ['API'], takes: () => false }
export const kinds: readonly Template[] = [
  { id: 'read', channels: both, takes: reads },
  { id: 'free', channels: both, takes: ({ costs }) => !costs },
  { id: 'all', channels: both, takes: () => true },
  nothing,
]

export const jobs: readonly Template[] = [
  { id: 'check', channels: ['ISPROXY'], takes: exactly('CHECK_DOMAIN') },
  { id: 'dns', channels: ['API'], takes: exactly('VIEW_PROCESS', 'VIEW_DNS_ZONE', 'UPDATE_DNS_ZONE') },
  { id: 'renew', channels: ['API'], takes: exactly('VIEW_PROCESS', 'VIEW_DOMAIN', 'RENEW_DOMAIN') },
  {
    id: 'shop',
    channels: both,
    takes: exactly(
      ...(['VIEW_PROCESS', 'VIEW_TLD', 'CHECK_DOMAIN', 'VIEW_DOMAIN', 'CREATE_DOMAIN'] as const),
      ...(['VIEW_CONTACT', 'CREATE_CONTACT'] as const),
    ),
  },
  {
    id: 'certificates',
    channels: ['API'],
    takes: exactly('VIEW_PROCESS', 'VIEW_CERTIFICATE', 'CREATE_CERTIFICATE', 'RENEW_CERTIFICATE'),
  },
]

const all = [...kinds, ...jobs]
/** What a template takes; nothing, for one that there is not. */
export const templateOf = (id: Template['id']): Template => all.find((one) => one.id === id) ?? nothing

/** What a template comes to for somebody, and what of it they cannot give. */
export function applied(template: Template, catalogue: readonly Known[], may: ReadonlySet<Permission>) {
  const wanted = catalogue.filter(template.takes).map(({ permission }) => permission)
  const job = jobs.includes(template)
  return {
    permissions: wanted.filter((one) => may.has(one)),
    // A kind is "of what I may"; a job that lacks something does not do its job.
    missing: job ? wanted.filter((one) => !may.has(one)) : [],
  }
}
