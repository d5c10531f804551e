import type { Schema } from '../../api/client'
import { problemText, t } from '../../messages/index.svelte'
import type { User } from './list.svelte'

/** What may be done to a user and, where not, why: the server says so for one user, this file for a row of a list. */

export type May = Schema['May']
export type Act = May['act']
/** The acts that have a button here; the password is let in again beside the keys, roles and ways in are changed with the rest of a user. */
export type Doing = Exclude<Act, 'contact' | 'roles' | 'accessPoints' | 'ipRules' | 'reopenApiPassword'>

const acts: readonly Act[] = [
  'update',
  'contact',
  'roles',
  'accessPoints',
  'ipRules',
  'reissue',
  'resetSecondFactors',
  'endSessions',
  'deactivate',
  'reactivate',
  'delete',
]

/** What nobody does to a service user, which has no password, second factor or session. */
const keyless: readonly Act[] = ['reissue', 'resetSecondFactors', 'endSessions']

/** Whoever looks at the list. */
export interface Viewer {
  id: string
  /** Holds MANAGE_USER. */
  manages: boolean
  /** Ids of roles with permissions that the viewer does not hold. */
  beyond: ReadonlySet<string>
}

/**
 * What the server would say of a user in a list, where it does not. Only what is
 * greyed depends on it: the server asks its own rules again at every act.
 */
export const mayOf = (user: User, viewer: Viewer): May[] =>
  acts.map((act) => {
    const code = refusal(user, viewer, act)
    return { act, allowed: !code, ...(code ? { code } : {}) }
  })

function refusal(user: User, viewer: Viewer, act: Act): May['code'] {
  if (!viewer.manages) return 'forbidden'
  if (user.roles.some((role) => viewer.beyond.has(role.id))) return 'outranked'
  if (user.adminUser && (act === 'deactivate' || act === 'delete')) return 'admin_user'
  if (user.id === viewer.id)
    return act === 'update' || act === 'contact' || act === 'ipRules' ? undefined : 'own_rights'
  if (user.adminUser && !['update', 'roles', 'endSessions', 'reactivate'].includes(act)) return 'admin_user'
  // Nobody signs in as one. Whether somebody owns service users only the server knows.
  if (user.service && keyless.includes(act)) return 'service_user'
  const senseless =
    (act === 'deactivate' && user.status === 'deactivated') ||
    (act === 'reactivate' && user.status !== 'deactivated') ||
    (act === 'reissue' && user.status === 'deactivated') ||
    (act === 'resetSecondFactors' && user.mfa.state !== 'on')
  return senseless ? 'conflict' : undefined
}

/** Why an act is not possible, in the reader's language; undefined when it is. */
export function reason(may: readonly May[], act: Act): string | undefined {
  const found = may.find((one) => one.act === act)
  if (!found || found.allowed) return undefined
  switch (found.code) {
    case 'forbidden':
      return t('users.why.forbidden')
    case 'own_rights':
      if (act === 'reissue') return t('users.why.ownPassword')
      if (act === 'resetSecondFactors') return t('users.why.ownFactors')
      if (act === 'endSessions') return t('users.why.ownSessions')
      break
    case 'admin_user':
      if (act === 'contact') return t('users.why.adminContact')
      if (act === 'accessPoints' || act === 'ipRules') return t('users.why.adminWays')
      return t(act === 'delete' || act === 'deactivate' ? 'users.why.adminStays' : 'users.why.adminOperator')
    case 'conflict':
      if (act === 'resetSecondFactors') return t('users.why.noFactor')
      if (act === 'reissue') return t('users.why.deactivated')
  }
  return problemText({ code: found.code ?? 'forbidden', message: found.detail ?? '' })
}

/** The acts to offer for a user, in the order in which people see them: of switching off and on, the one that fits. */
export const offered = (user: User): Doing[] =>
  (['update', 'reissue', 'resetSecondFactors', 'endSessions', 'deactivate', 'reactivate', 'delete'] as const).filter(
    (act) =>
      act !== (user.status === 'deactivated' ? 'deactivate' : 'reactivate') && !(user.service && keyless.includes(act)),
  )
