import type { operations as table } from './operations.gen'
import { Problem, toProblem } from './problem'
import type { components, operations } from './schema.gen'
import { httpTransport } from './http'
import { proofOperation } from './proof'
import { windowTransport } from './window'

export type Operation = keyof typeof table & keyof operations
export type Schema = components['schemas']

type Part<T, K extends string> = T extends { [P in K]?: infer V } ? (V extends object ? V : unknown) : unknown
type Params<N extends Operation> = operations[N]['parameters']
type Body<N extends Operation> = operations[N] extends { requestBody?: { content: { 'application/json': infer B } } }
  ? B
  : unknown

/** What an operation takes: path parameters, filters and body, side by side in one object. */
export type Input<N extends Operation> = Part<Params<N>, 'path'> & Part<Params<N>, 'query'> & Body<N>

type Answer<R, S extends number> = R extends { [K in S]: { content: { 'application/json': infer A } } } ? A : never
/** What an operation answers. */
export type Output<N extends Operation> =
  Answer<operations[N]['responses'], 200> | Answer<operations[N]['responses'], 201>

type Arguments<N extends Operation> = Record<string, never> extends Input<N> ? [input?: Input<N>] : [input: Input<N>]

/** One way to reach the operations; it rejects with a {@link Problem}. */
export interface Transport {
  send(operation: Operation, input: Record<string, unknown>): Promise<unknown>
}

let transport: Transport | undefined
const watchers = new Set<(problem: Problem, operation: Operation) => void>()
const listeners = new Set<(operation: Operation) => void>()

/** Calls `watch` for every problem, before the caller sees it; returns how to stop. */
export function onProblem(watch: (problem: Problem, operation: Operation) => void) {
  watchers.add(watch)
  return () => watchers.delete(watch)
}

/** Calls `listen` after every answer that is no problem; returns how to stop. */
export function onAnswer(listen: (operation: Operation) => void) {
  listeners.add(listen)
  return () => listeners.delete(listen)
}

type Prove = (problem: Problem) => Promise<boolean>
let prove: Prove | undefined
let proving: Promise<boolean> | undefined
let proofs = 0

/** Registers how the person proves anew that it is them; true when they did. Returns how to take that back. */
export function provideProof(ask: Prove) {
  prove = ask
  return () => {
    if (prove === ask) prove = undefined
  }
}

/** Asks once for all calls that wait for it. */
function proved(problem: Problem): Promise<boolean> {
  if (!prove) return Promise.resolve(false)
  proving ??= prove(problem)
    .then((done) => {
      if (done) proofs++
      return done
    })
    .finally(() => (proving = undefined))
  return proving
}

/** Sends a call, and once more after the person has proved who they are, where the server asks for that. */
async function send(to: Transport, operation: Operation, input: Record<string, unknown>): Promise<unknown> {
  const before = proofs
  try {
    return await to.send(operation, { ...input })
  } catch (thrown) {
    const problem = toProblem(thrown)
    if (problem.code !== 'step_up_required' || operation === proofOperation) throw problem
    // Sent before somebody proved it for another call: nobody is asked twice.
    if (proofs === before && !(await proved(problem))) throw problem
    return to.send(operation, { ...input })
  }
}

/** Chosen at the first call: bound methods in the desktop window, fetch in a browser. */
export function chooseTransport(): Transport {
  const app = globalThis.window?.go?.app
  return app ? windowTransport(app) : httpTransport('/api/v1')
}

/** Runs one operation of the server. Rejects with a {@link Problem} and with nothing else. */
export async function call<N extends Operation>(operation: N, ...args: Arguments<N>): Promise<Output<N>> {
  transport ??= chooseTransport()
  try {
    const answer = (await send(transport, operation, args[0] ?? {})) as Output<N>
    for (const listen of listeners) listen(operation)
    return answer
  } catch (thrown) {
    const problem = toProblem(thrown)
    for (const watch of watchers) watch(problem, operation)
    throw problem
  }
}

/** For tests: speak through this transport; without one the next call chooses again. */
export function setTransport(next?: Transport) {
  transport = next
}

export { Problem }
