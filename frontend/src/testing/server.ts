/** A server for tests of the page: it answers operations from a table and remembers what it was asked. */

import { setTransport, type Input, type Operation, type Output } from '../api/client'
import { Problem } from '../api/problem'
import type { Permission, Session } from '../features/session/session.svelte'

type Answers = { [N in Operation]?: (input: Partial<Input<N>>) => Output<N> | Promise<Output<N>> }
interface Asked {
  operation: Operation
  input: Record<string, unknown>
}

/** Answers by this table from now on; what it does not name is `not_found`. Returns what was asked so far. */
export function serve(answers: Answers): Asked[] {
  const asked: Asked[] = []
  setTransport({
    async send(operation, input) {
      asked.push({ operation, input })
      const answer = answers[operation] as ((input: unknown) => unknown) | undefined
      if (!answer) throw new Problem({ code: 'not_found', detail: `The test answers no ${operation}.` })
      return answer(input)
    },
  })
  return asked
}

/** A page of a list that holds these and no more. */
export const pageOf = <T>(entities: T[], more: { total?: number; nextCursor?: string } = {}) => ({
  entities,
  pagination: { limit: 100, offset: 0, total: entities.length, totalIsMinimum: false, nextCursor: '', ...more },
})

/** Anna's session, an hour old at most, with these permissions. */
export const sessionWith = (...permissions: Permission[]): Session => ({
  account: { id: 'acc_1', handle: 'harbour', name: 'Harbour Registry' },
  user: { id: 'usr_1', login: 'anna', name: 'Anna Peeters', language: 'en' },
  permissions,
  mfa: { state: 'on', requiredBy: '', requiredFrom: '' },
  unreadNotices: 0,
  signedInAt: new Date().toISOString(),
  idleEndsAt: new Date(Date.now() + 15 * 60_000).toISOString(),
  endsAt: new Date(Date.now() + 12 * 3_600_000).toISOString(),
  steppedUpUntil: new Date(Date.now() + 5 * 60_000).toISOString(),
  address: '192.0.2.7',
  stepUpMethods: ['authenticator_app', 'recovery_code'],
})
