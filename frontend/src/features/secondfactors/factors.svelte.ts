import { call, type Output } from '../../api/client'
import { toProblem, type Problem } from '../../api/problem'
import { goAtOnce, href, replace, route } from '../../router.svelte'
import { mustSetUp, refresh } from '../session/session.svelte'

export type Profile = Output<'profile.show'>

export type SecurityKey = Profile['securityKeys'][number]

/** What has just been done, to be told on the overview. */
export type Told = 'off' | 'removed' | 'removedKey' | 'codes'

export type Stage =
  | { at: 'loading' }
  | { at: 'overview'; profile: Profile; told?: Told }
  | { at: 'name' }
  | { at: 'codes' | 'app'; begun: Output<'secondFactors.beginApp'> }
  | { at: 'keyName' }
  | { at: 'keyCodes'; begun: Output<'secondFactors.beginKey'> }
  | { at: 'tap'; begun: Output<'secondFactors.beginKey'> }
  | { at: 'on'; first: boolean; by: 'app' | 'key'; name?: string }
  | { at: 'newCodes'; begun: Output<'secondFactors.beginCodes'> }

/** From this many recovery codes on, more are wanted soon. */
export const lowCodes = 3
/** As many authenticator apps as the server keeps for one person. */
export const mostApps = 5
export const mostKeys = 10

/** How many second factors there are, and how many of them can be used here. */
export const count = ({ authenticatorApps: apps, securityKeys: keys }: Profile) => ({
  all: apps.length + keys.length,
  here: apps.length + keys.filter((key) => key.worksHere).length,
})

/** Why one of them has to stay; `here`: it works here. The server asks the same again. */
export function staying(profile: Profile, here: boolean): 'only' | 'onlyHere' | undefined {
  const now = count(profile)
  if (now.all <= 1) return 'only'
  return here && now.here <= 1 ? 'onlyHere' : undefined
}

/** One's own second factors: what there is, and what is being done about it. */
export class SecondFactors {
  stage = $state.raw<Stage>({ at: 'loading' })
  problem = $state<Problem>()
  busy = $state(false)
  #onward = href('/home')
  #keyName = ''

  /** There is a second factor already, so recovery codes are kept. */
  some = $state(false)

  async load(told?: Told) {
    this.problem = undefined
    try {
      const profile = await call('profile.show')
      this.some = count(profile).all > 0
      this.stage = { at: 'overview', profile, told }
    } catch (thrown) {
      this.problem = toProblem(thrown)
    }
  }

  /** Every key has a name; whoever has codes already is not asked to keep any. */
  addKey() {
    this.problem = undefined
    this.stage = { at: 'keyName' }
  }

  /** Names the key that is to be registered; rejects with the problem. */
  async beginKey(name: string) {
    const begun = await this.#try(() => call('secondFactors.beginKey', { name }))
    this.#keyName = name
    this.stage = { at: begun.recoveryCodes.length > 0 ? 'keyCodes' : 'tap', begun }
  }

  /** Gets what the key is asked. */
  askKey = async (begun: Output<'secondFactors.beginKey'>, port?: number) =>
    (await this.#inTime(() => call('secondFactors.askKey', { ceremony: begun.ceremony, port }))).options

  /** Registers the key with its answer; rejects with the problem when that does not count. */
  async confirmKey(begun: Output<'secondFactors.beginKey'>, credential: Record<string, unknown>) {
    await this.#inTime(() => call('secondFactors.confirmKey', { ceremony: begun.ceremony, credential }))
    await this.#on({ first: begun.recoveryCodes.length > 0, by: 'key', name: this.#keyName })
  }

  /** Rejects with the problem, and begins again where the time was over. */
  async #inTime<T>(act: () => Promise<T>): Promise<T> {
    try {
      return await act()
    } catch (thrown) {
      const problem = toProblem(thrown)
      if (problem.code === 'ceremony_over') await this.#startOver(problem)
      throw problem
    }
  }

  async removeKey(id: string) {
    await this.#try(() => call('secondFactors.removeKey', { id }))
    await this.#changed('removedKey')
  }

  /** The first app needs no name; the others do, or one could not tell them apart. */
  add() {
    this.problem = undefined
    if (this.stage.at === 'overview' && this.stage.profile.authenticatorApps.length > 0) this.stage = { at: 'name' }
    else void this.begin().catch(() => undefined)
  }

  /** Asks for a key, and at the first app for recovery codes; rejects with the problem, which is also kept. */
  async begin(name?: string) {
    const begun = await this.#try(() => call('secondFactors.beginApp', name ? { name } : {}))
    this.stage = { at: begun.recoveryCodes.length > 0 ? 'codes' : 'app', begun }
  }

  /** Switches the app on with the code it shows; rejects when that is wrong. */
  async confirm(begun: Output<'secondFactors.beginApp'>, code: string) {
    try {
      await call('secondFactors.confirmApp', { ceremony: begun.ceremony, code })
    } catch (thrown) {
      const problem = toProblem(thrown)
      if (problem.code !== 'ceremony_over') throw problem
      return this.#startOver(problem)
    }
    await this.#on({ first: begun.recoveryCodes.length > 0, by: 'app' })
  }

  async #on(how: { first: boolean; by: 'app' | 'key'; name?: string }) {
    // Everything is open now, but first it is told here; afterwards one gets where one wanted.
    if (mustSetUp() && route().path !== '/profile/second-factors') {
      this.#onward = href(route().path, Object.fromEntries(route().params))
      replace(href('/profile/second-factors'))
    }
    this.stage = { at: 'on', ...how }
    await refresh().catch(() => undefined)
  }

  async remove(id: string) {
    await this.#try(() => call('secondFactors.removeApp', { id }))
    await this.#changed('removed')
  }

  async disable() {
    await this.#try(() => call('secondFactors.disable'))
    await this.#changed('off')
  }

  /** Asks for new recovery codes; the old ones count until {@link keepCodes}. */
  async newCodes() {
    const begun = await this.#try(() => call('secondFactors.beginCodes'))
    this.stage = { at: 'newCodes', begun }
  }

  async keepCodes(ceremony: string) {
    try {
      await this.#try(() => call('secondFactors.confirmCodes', { ceremony }))
    } catch (thrown) {
      const problem = toProblem(thrown)
      if (problem.code === 'ceremony_over') await this.#startOver(problem)
      return
    }
    await this.#changed('codes')
  }

  /** Leaves the page after everything is set up. */
  onward() {
    goAtOnce(this.#onward)
  }

  async #changed(told: Told) {
    await refresh().catch(() => undefined)
    await this.load(told)
  }

  async #startOver(problem: Problem) {
    await this.load()
    this.problem = problem
  }

  async #try<T>(act: () => Promise<T>): Promise<T> {
    this.busy = true
    this.problem = undefined
    try {
      return await act()
    } catch (thrown) {
      throw (this.problem = toProblem(thrown))
    } finally {
      this.busy = false
    }
  }
}
