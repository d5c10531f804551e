import * as v from 'valibot'
import { call, type Output } from '../../api/client'
import { toProblem, type Problem } from '../../api/problem'
import { language } from '../../messages/index.svelte'
import { emailAddress, Form, newPassword, optionalMobile, requiredText } from '../../ui/form.svelte'
import { installation } from '../session/session.svelte'

export const steps = ['welcome', 'org', 'you', 'codes', 'app', 'done'] as const
export type Step = (typeof steps)[number]

/** The set-up code, where the server asks for one. */
const welcomeSchema = (needed: boolean) =>
  v.object({
    setupCode: v.pipe(
      v.string(),
      v.trim(),
      v.check((code) => !needed || code !== '', 'required'),
    ),
  })
const orgSchema = v.object({
  accountName: requiredText(),
  accountHandle: v.pipe(v.string(), v.trim(), v.nonEmpty('required'), v.regex(/^[a-z0-9-]{3,40}$/, 'bad_format')),
  accountEmail: emailAddress(),
  accountMobile: optionalMobile(),
})
const youSchema = v.object({
  name: requiredText(),
  login: requiredText(64),
  email: emailAddress(),
  language: requiredText(),
  password: newPassword(),
})

/** A handle made from a name: "Köln Domains GmbH" becomes `koeln-domains-gmbh`. */
export function suggestHandle(name: string): string {
  return name
    .toLowerCase()
    .replaceAll('ä', 'ae')
    .replaceAll('ö', 'oe')
    .replaceAll('ü', 'ue')
    .replaceAll('ß', 'ss')
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 40)
    .replace(/^-+|-+$/g, '')
}

/**
 * The set-up, in one sitting: what was typed stays in memory until `setup.finish`
 * has accepted a code; before that nothing exists on the server.
 *
 *   welcome → org → you → codes → app → done
 *      ↑________↑_____|  a fault the server finds leads back to its step
 *   anywhere → elsewhere: somebody else finished first
 */
export class Wizard {
  step = $state<Step | 'elsewhere'>('welcome')
  busy = $state(false)
  problem = $state<Problem>()
  begun = $state.raw<Output<'setup.begin'>>()
  finished = $state.raw<Output<'setup.finish'>>()

  readonly welcome = new Form(
    welcomeSchema(installation()?.setupCodeNeeded ?? false),
    { setupCode: '' },
    { setup_code_wrong: 'setupCode' },
  )
  readonly org = new Form(orgSchema, { accountName: '', accountHandle: '', accountEmail: '', accountMobile: '' })
  readonly you = new Form(youSchema, { name: '', login: '', email: '', language: language(), password: '' })

  get index(): number {
    return this.step === 'elsewhere' ? 0 : steps.indexOf(this.step)
  }

  /** Names a password must not be made of. */
  get context(): string[] {
    const { login, name } = this.you.values
    return [login, name, this.org.values.accountName, this.org.values.accountHandle, 'gatehouse']
  }

  to(step: Step) {
    this.problem = undefined
    this.step = step
  }

  /** Hands everything over and gets recovery codes and the authenticator key back. */
  async begin(): Promise<void> {
    const [welcome, org, you] = [this.welcome.check(), this.org.check(), this.you.check()]
    if (!welcome || !org || !you) return this.showFirstFault()
    const { accountMobile, ...account } = org
    this.busy = true
    this.problem = undefined
    try {
      this.begun = await call('setup.begin', {
        ...account,
        ...you,
        ...(accountMobile ? { accountMobile } : {}),
        ...(welcome.setupCode ? { setupCode: welcome.setupCode } : {}),
      })
      this.step = 'codes'
    } catch (thrown) {
      await this.met(toProblem(thrown))
    } finally {
      this.busy = false
    }
  }

  /** Gives the first code of the app; rejects when the code is not the right one. */
  async finish(code: string): Promise<void> {
    if (!this.begun) return
    try {
      this.finished = await call('setup.finish', { ceremony: this.begun.ceremony, code })
      this.you.values.password = ''
      this.begun = undefined
      this.step = 'done'
    } catch (thrown) {
      const problem = toProblem(thrown)
      if (problem.code === 'code_wrong' || problem.code === 'code_used') throw problem
      await this.met(problem)
      if (this.step !== 'elsewhere' && problem.code !== 'ceremony_over') throw problem
    }
  }

  private async met(problem: Problem): Promise<void> {
    this.problem = problem
    if (problem.code === 'setup_done' || problem.code === 'conflict') {
      const taken = problem.code === 'setup_done' || (await call('installation.show').catch(() => undefined))?.setUp
      if (taken) this.step = 'elsewhere'
    } else if (problem.code === 'setup_code_wrong') {
      this.problem = undefined
      this.welcome.problem = problem
      this.step = 'welcome'
    } else if (problem.code === 'invalid_fields') {
      const named = [this.welcome, this.org, this.you].map((form) => form.accept(problem))
      if (named.includes(true)) {
        this.problem = undefined
        this.showFirstFault()
      }
    }
  }

  private showFirstFault() {
    if (this.welcome.faults > 0) this.step = 'welcome'
    else if (this.org.faults > 0) this.step = 'org'
    else if (this.you.faults > 0) this.step = 'you'
  }
}
