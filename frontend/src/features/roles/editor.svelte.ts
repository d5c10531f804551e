import { call, type Output } from '../../api/client'
import { toProblem, type Problem } from '../../api/problem'
import {
  differences,
  put,
  without,
  type Changes,
  type Definition,
  type Difference,
  type Permission,
  type Role,
} from './matrix'

type Preview = Output<'roles.preview'>
const patienceMs = 250

/** The roles of the account as they are, and what is to become of them. */
export class Editor {
  roles = $state.raw<readonly Role[]>([])
  catalogue = $state.raw<readonly Definition[]>([])
  loading = $state(true)
  problem = $state<Problem>()
  saving = $state(false)
  previews = $state.raw<Readonly<Record<string, Preview>>>({})
  changes = $state.raw<Changes>({})
  readonly diffs: readonly Difference[] = $derived(differences(this.roles, this.changes))
  #timer: ReturnType<typeof setTimeout> | undefined
  #run = 0

  async load(): Promise<void> {
    try {
      const [roles, permissions] = await Promise.all([call('roles.list'), call('permissions.list')])
      this.roles = roles.entities
      this.catalogue = permissions.entities
      this.problem = undefined
    } catch (thrown) {
      this.problem = toProblem(thrown)
    } finally {
      this.loading = false
    }
  }

  set(role: Role, permissions: readonly Permission[], on: boolean) {
    this.changes = put(role, this.changes, permissions, on)
    this.problem = undefined
    this.#preview()
  }

  discard() {
    this.changes = {}
    this.previews = {}
    this.problem = undefined
    clearTimeout(this.#timer)
  }

  /** Asks whom it affects, once nothing has been changed for a moment. */
  #preview() {
    clearTimeout(this.#timer)
    const run = ++this.#run
    this.previews = {}
    this.#timer = setTimeout(() => {
      for (const { role, after } of this.diffs) {
        call('roles.preview', { id: role.id, permissions: after }).then(
          (found) => {
            if (run === this.#run) this.previews = { ...this.previews, [role.id]: found }
          },
          // It is only a hint: saving says what is wrong.
          () => undefined,
        )
      }
    }, patienceMs)
  }

  /** Saves role by role; gives how many were. What could not be saved is still there to try again. */
  async save(): Promise<number> {
    if (this.saving) return 0
    this.saving = true
    this.problem = undefined
    let saved = 0
    try {
      for (const { role, after } of this.diffs) {
        const now = await call('roles.update', { id: role.id, permissions: after, was: role.permissions })
        this.take(now)
        saved++
      }
      this.discard()
    } catch (thrown) {
      const problem = toProblem(thrown)
      // What others did meanwhile is shown beside what is still to be done.
      if (problem.code !== 'step_up_required') await this.load()
      this.problem = problem
      this.#preview()
    } finally {
      this.saving = false
    }
    return saved
  }

  /** Takes over a role as it has become, or a new one. */
  take(role: Role) {
    const known = this.roles.some(({ id }) => id === role.id)
    this.roles = known ? this.roles.map((one) => (one.id === role.id ? role : one)) : [...this.roles, role]
  }

  drop(role: Role) {
    this.roles = this.roles.filter(({ id }) => id !== role.id)
    this.changes = without(this.changes, role)
  }
}
