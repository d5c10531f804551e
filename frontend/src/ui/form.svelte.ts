import { tick } from 'svelte'
import * as v from 'valibot'
import { toProblem, type Problem, type ProblemCode, type ViolationCode } from '../api/problem'
import { problemText } from '../messages/index.svelte'
import { minimumLength, passwordLength } from './password'

type Entries = v.ObjectEntries
export type FormSchema = v.ObjectSchema<Entries, undefined>
/** Problems that are one field's fault, and that field's name. */
type Blame = Partial<Record<ProblemCode, string>>

/**
 * The state of one form: its values, whether it is being sent, what the server
 * would not have and, by field, what is wrong. The
 * messages of the schema are violation codes, the very ones the server uses, so
 * both speak through the same texts. The server stays the authority.
 */
export class Form<S extends FormSchema> {
  values: v.InferInput<S>
  errors: Partial<Record<string, ViolationCode>> = $state({})
  busy = $state(false)
  problem = $state<Problem>()
  /** Bound by the form that is drawn. */
  element = $state<HTMLElement>()
  #initial: string
  readonly #schema: S
  readonly #blame: Blame

  constructor(schema: S, initial: v.InferInput<S>, blame: Blame = {}) {
    this.#schema = schema
    this.#blame = blame
    this.values = $state(initial)
    this.#initial = JSON.stringify(initial)
  }

  get dirty(): boolean {
    return JSON.stringify(this.values) !== this.#initial
  }

  get faults(): number {
    return Object.values(this.errors).filter(Boolean).length
  }

  /** The problem, unless it is shown at a field. */
  get notice(): Problem | undefined {
    return this.problem && this.problem.code in this.#blame ? undefined : this.problem
  }

  /** The problem in words, when this field is to blame. */
  wrong(field: string): string | undefined {
    return this.problem && this.#blame[this.problem.code] === field ? problemText(this.problem) : undefined
  }

  /**
   * Checks and sends, unless it is being sent already. What is wrong, here or by
   * the server's word, is shown, and the cursor goes to the first faulty field.
   */
  async submit(event: Event | undefined, send: (input: v.InferOutput<S>) => unknown): Promise<void> {
    event?.preventDefault()
    if (this.busy) return
    this.problem = undefined
    const input = this.check()
    if (input) {
      this.busy = true
      try {
        await send(input)
      } catch (thrown) {
        const problem = toProblem(thrown)
        if (!this.accept(problem)) this.problem = problem
      } finally {
        this.busy = false
      }
    }
    await tick()
    focusFirstFault(this.element)
  }

  /** Checks every field at once; the parsed values, or undefined when something is wrong. */
  check(): v.InferOutput<S> | undefined {
    const result = v.safeParse(this.#schema, $state.snapshot(this.values))
    this.errors = {}
    if (result.success) return result.output
    for (const issue of result.issues) {
      const field = String(issue.path?.[0]?.key ?? '')
      this.errors[field] ??= issue.message as ViolationCode
    }
    return undefined
  }

  /** Takes over the server's violations; false when it named none of this form's fields. */
  accept(problem: Problem): boolean {
    this.errors = {}
    for (const { field, code } of problem.violations) {
      const name = field.split(/[.[]/)[0] ?? ''
      if (name in this.#schema.entries) this.errors[name] ??= code
    }
    return this.faults > 0
  }

  reset(values: v.InferInput<S>) {
    this.values = values
    this.errors = {}
    this.problem = undefined
    this.#initial = JSON.stringify(values)
  }
}

/** Moves the cursor to the first faulty control of a form. */
export function focusFirstFault(form: HTMLElement | undefined) {
  form?.querySelector<HTMLElement>('[aria-invalid=true]')?.focus()
}

const trimmed = v.pipe(v.string(), v.trim())

/** Text that must be there, up to `max` characters. */
export const requiredText = (max = 200) =>
  v.pipe(trimmed, v.nonEmpty('required' satisfies ViolationCode), v.maxLength(max, 'too_long' satisfies ViolationCode))

/** An address that could be one; whether it works only mail can tell. */
export const emailAddress = () =>
  v.pipe(
    trimmed,
    v.nonEmpty('required' satisfies ViolationCode),
    v.regex(/^[^\s@]+@[^\s@]+\.[^\s@.]+$/, 'bad_format' satisfies ViolationCode),
    v.maxLength(254, 'too_long' satisfies ViolationCode),
  )

/** The six digits of an authenticator app; `asked` says no while another kind of code is wanted. */
export const sixDigits = (asked: () => boolean = () => true) =>
  v.pipe(
    trimmed,
    v.nonEmpty('required' satisfies ViolationCode),
    v.check((code) => !asked() || code.length === 6, 'required' satisfies ViolationCode),
  )

/** A password somebody chooses; how good it is the server decides. */
export const newPassword = (minimum = minimumLength) =>
  v.pipe(
    v.string(),
    v.nonEmpty('required' satisfies ViolationCode),
    v.check((password) => passwordLength(password) >= minimum, 'password_too_short' satisfies ViolationCode),
  )

/** A mobile number with country code, or nothing. */
export const optionalMobile = () =>
  v.pipe(trimmed, v.regex(/^$|^\+[\d\s()/.-]{6,24}$/, 'bad_format' satisfies ViolationCode))
