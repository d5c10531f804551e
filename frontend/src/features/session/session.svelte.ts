import { call, onAnswer, onProblem, type Output, type Schema } from '../../api/client'
import { serverNow } from '../../api/clock'
import { toProblem, type Problem } from '../../api/problem'
import { isBackground } from '../../api/traits'
import { isLanguage, languageChosen, setLanguage } from '../../messages/index.svelte'
import { goAtOnce, route } from '../../router.svelte'
import { dismissAll } from '../../ui/toasts.svelte'

export type Session = Schema['Session']
export type Permission = Session['permissions'][number]
export type Installation = Output<'installation.show'>
/** Why somebody stands at the sign-in page, when there is something to tell. */
export type Notice = 'ended' | 'signedOut' | 'activated' | 'isSetUp'

export type State =
  | { kind: 'starting' }
  | { kind: 'unreachable'; problem: Problem }
  | { kind: 'not_set_up' }
  | { kind: 'signed_out'; notice?: Notice; login?: string }
  | { kind: 'signed_in'; session: Session }

let state = $state.raw<State>({ kind: 'starting' })
let known = $state.raw<Installation>()
/** Where to go back to once signed in again. */
let returnTo = ''
/** When the session was last kept awake: what the page asks by itself does not do that. */
let lastCall = $state(serverNow())
let idleMs = 15 * 60_000

export const appState = () => state
export const installation = () => known
export const session = () => (state.kind === 'signed_in' ? state.session : undefined)
export const can = (permission: Permission) => session()?.permissions.includes(permission) ?? false
/** True while nothing but setting up the second factor is open. */
export const mustSetUp = () => session()?.mfa.state === 'setup_required'
/** Milliseconds until idleness ends the session, by the server's clock. */
export const idleLeft = (now: number) => lastCall + idleMs - now

/** Asks the server where we stand; called at the start and by "try again". */
export async function start() {
  state = { kind: 'starting' }
  try {
    // Asked together: before the set-up the second question has no answer, and needs none.
    const asked = call('session.show')
    asked.catch(() => undefined)
    known = await call('installation.show')
    if (!known.setUp) {
      state = { kind: 'not_set_up' }
      return
    }
    const answer = await asked
    if (answer.state === 'signed_in' && answer.session) await enter(answer.session)
    else state = { kind: 'signed_out' }
  } catch (thrown) {
    state = { kind: 'unreachable', problem: toProblem(thrown) }
  }
}

/** Takes over a session that has just begun and goes back to where the person was. */
export async function enter(next: Session) {
  const began = Math.max(Date.parse(next.signedInAt), serverNow() - 60_000)
  idleMs = Math.max(60_000, Math.min(Date.parse(next.idleEndsAt) - began, 24 * 3_600_000))
  lastCall = Date.parse(next.idleEndsAt) - idleMs
  if (!languageChosen() && isLanguage(next.user.language)) await setLanguage(next.user.language)
  if (known && !known.setUp) known = { ...known, setUp: true }
  state = { kind: 'signed_in', session: next }
  if (returnTo) goAtOnce(returnTo)
  else if (['/sign-in', '/set-up', '/activate'].includes(route().path)) goAtOnce('#/')
  returnTo = ''
}

/** Reads the session again, after something about it changed. */
export async function refresh() {
  const answer = await call('session.show')
  if (answer.state !== 'signed_in' || !answer.session) return ended()
  // Another window may have kept the session awake.
  lastCall = Date.parse(answer.session.idleEndsAt) - idleMs
  state = { kind: 'signed_in', session: answer.session }
}

/** Says "I am still here", as any operation does that is no background one. */
export const stay = () => call('profile.show')

/** Shows the sign-in page, keeping the place if the person did not leave of their own will. */
export function toSignIn(notice?: Notice, login?: string) {
  if (known && !known.setUp) known = { ...known, setUp: true }
  dismissAll()
  state = { kind: 'signed_out', notice, login }
  if (notice !== 'ended') {
    returnTo = ''
    goAtOnce('#/')
  }
}

export function ended() {
  if (state.kind !== 'signed_in') return
  returnTo = location.hash
  toSignIn('ended')
}

export async function signOut() {
  try {
    await call('session.signOut')
  } finally {
    toSignIn('signedOut')
  }
}

onAnswer((operation) => {
  if (!isBackground(operation)) lastCall = serverNow()
})

onProblem((problem, operation) => {
  const ownAnswer = operation === 'session.signIn' || operation === 'session.verify'
  if (ownAnswer || operation.startsWith('activation.') || operation.startsWith('setup.')) return
  if (problem.code === 'session_ended' || problem.code === 'unauthenticated') ended()
  // Rights change at once; the menu follows with the first refusal.
  if (problem.code === 'mfa_setup_required' || problem.code === 'forbidden') void refresh().catch(() => undefined)
  if (problem.code === 'not_set_up') state = { kind: 'not_set_up' }
})
