import { call, onAnswer, onProblem, type Operation, type Output, type Schema } from '../../api/client'
import { serverNow } from '../../api/clock'
import { toProblem, type Problem } from '../../api/problem'
import { isBackground } from '../../api/traits'
import { isLanguage, languageChosen, setLanguage } from '../../messages/index.svelte'
import { goAtOnce, route } from '../../router.svelte'
import { dismissAll } from '../../ui/toasts.svelte'
import { hear, tell } from './tabs'

export type Session = Schema['Session']
export type Permission = Session['permissions'][number]
export type Installation = Output<'installation.show'>
/** Why somebody stands at the sign-in page, when there is something to tell. */
export type Notice =
  'idle' | 'absolute' | 'ended' | 'refused' | 'again' | 'elsewhere' | 'test' | 'signedOut' | 'activated' | 'isSetUp'
/** Not of their own will, or only for a moment: these come back to the place where they were. */
const comingBack: readonly (Notice | undefined)[] = ['idle', 'absolute', 'ended', 'refused', 'again']

export type State =
  | { kind: 'starting' }
  | { kind: 'unreachable'; problem: Problem }
  | { kind: 'not_set_up' }
  | { kind: 'signed_out'; notice?: Notice; login?: string }
  | { kind: 'signed_in'; session: Session }

let state = $state.raw<State>({ kind: 'starting' })
let known = $state.raw<Installation>()
/** Where to go back to once signed in again, and who may: another person starts at the beginning. */
let returnTo = ''
let returnFor = ''
/** When the session was last kept awake: what the page asks by itself does not do that. */
let lastCall = $state(serverNow())
let idleMs = 15 * 60_000
/** When the other tabs were last told that somebody is still there. */
let toldAt = 0
const tellEveryMs = 10_000

export const appState = () => state
export const installation = () => known
export const session = () => (state.kind === 'signed_in' ? state.session : undefined)
export const can = (permission: Permission) => session()?.permissions.includes(permission) ?? false
/** True while nothing but setting up the second factor is open. */
export const mustSetUp = () => session()?.mfa.state === 'setup_required'
/** Milliseconds until idleness ends the session, by the server's clock. */
export const idleLeft = (now: number) => lastCall + idleMs - now

/** Asks again what the installation is, after a change of its settings. */
export async function refreshInstallation() {
  known = await call('installation.show')
}

/** Takes over a support contact that has just been changed. */
export function learnSupport(support: Installation['support']) {
  if (known) known = { ...known, support }
}

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
  if (returnTo && returnFor === next.user.id) goAtOnce(returnTo)
  else if (returnTo) goAtOnce('#/')
  else if (['/sign-in', '/set-up', '/activate', '/forgotten', '/ask-for-help', '/break-glass'].includes(route().path))
    goAtOnce('#/')
  returnTo = ''
}

/** Reads the session again, after something about it changed. */
export async function refresh() {
  const answer = await call('session.show')
  if (answer.state !== 'signed_in' || !answer.session) return ended()
  // Somebody else signed in meanwhile, in another tab: nothing on this page is theirs.
  if (answer.session.user.id !== session()?.user.id) return start()
  // Another window may have kept the session awake.
  lastCall = Date.parse(answer.session.idleEndsAt) - idleMs
  state = { kind: 'signed_in', session: answer.session }
}

/** Says "I am still here", as any operation does that is no background one, and asks until when that counts. */
export async function stay() {
  await call('profile.show')
  await refresh()
}

/** Shows the sign-in page, keeping the place if the person did not leave of their own will. */
export function toSignIn(notice?: Notice, login = session()?.user.login) {
  if (known && !known.setUp) known = { ...known, setUp: true }
  dismissAll()
  const before = session()?.user.id ?? returnFor
  state = { kind: 'signed_out', notice, login: notice === 'signedOut' || notice === 'elsewhere' ? undefined : login }
  if (comingBack.includes(notice)) {
    returnTo = location.hash
    returnFor = before
  } else {
    returnTo = ''
    goAtOnce('#/')
  }
}

/** The server has said that the session is over; why, one can tell by the clock. */
export function ended() {
  if (state.kind !== 'signed_in') return
  const soon = serverNow() + 5_000
  if (Date.parse(state.session.endsAt) <= soon) toSignIn('absolute')
  else toSignIn(lastCall + idleMs <= soon ? 'idle' : 'ended')
}

/** Ends the session, here and in the other tabs; `again` and `test` say what the person wants to do next. */
export async function signOut(notice: 'signedOut' | 'again' | 'test' = 'signedOut') {
  try {
    await call('session.signOut')
  } finally {
    tell('signed_out')
    toSignIn(notice)
  }
}

/** Tells the other tabs that somebody has just signed in here. */
export const tellSignedIn = () => tell('signed_in')

hear((word) => {
  if (word === 'signed_out' && state.kind === 'signed_in') toSignIn('elsewhere')
  else if (word === 'awake' && state.kind === 'signed_in') lastCall = serverNow()
  else if (word === 'signed_in' && state.kind === 'signed_in') void refresh().catch(() => undefined)
  else if (word === 'signed_in' && state.kind === 'signed_out') void start()
})

onAnswer((operation) => {
  if (isBackground(operation)) return
  lastCall = serverNow()
  if (state.kind !== 'signed_in' || lastCall - toldAt < tellEveryMs) return
  toldAt = lastCall
  tell('awake')
})

/** The sign-in itself says what is wrong with what somebody gave. */
const ownAnswers: readonly Operation[] = [
  'session.signIn',
  'session.verify',
  'session.beginKey',
  'session.beginPasskey',
  'session.verifyPasskey',
  'session.breakGlass',
]

onProblem((problem, operation) => {
  const ownAnswer = ownAnswers.includes(operation)
  if (ownAnswer || operation.startsWith('activation.') || operation.startsWith('setup.')) return
  if (problem.code === 'session_ended' || problem.code === 'unauthenticated') ended()
  if (problem.code === 'address_refused' || problem.code === 'point_refused') toSignIn('refused')
  // Rights change at once; the menu follows with the first refusal.
  if (problem.code === 'mfa_setup_required' || problem.code === 'forbidden') void refresh().catch(() => undefined)
  if (problem.code === 'not_set_up') state = { kind: 'not_set_up' }
})
