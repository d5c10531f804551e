import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { call, onProblem, provideProof, setTransport, type Operation } from './client'
import { Problem } from './problem'
import { stepUp } from './proof'

const stepUpRequired = () => new Problem({ code: 'step_up_required', status: 403 })
const ask = vi.fn<(problem: Problem) => Promise<boolean>>()
const asked: [string, unknown][] = []
let proven = 0
let stop: () => void

beforeEach(() => {
  ask.mockReset()
  asked.length = 0
  proven = 0
  stop = provideProof(ask)
})
afterEach(() => stop())

/** A server that wants a fresh proof before `users.add`, and takes `wanted` of them. */
function serve(wanted = 1) {
  setTransport({
    async send(operation: Operation, input) {
      asked.push([operation, input])
      if (operation === 'users.add' && proven < wanted) throw stepUpRequired()
      return { operation }
    },
  })
}
const input = { login: 'tom', name: 'Tom', email: 'tom@harbour.example', language: 'en', roles: [] }
const answerWith = (answer: boolean) =>
  ask.mockImplementation(async () => {
    if (answer) proven++
    return answer
  })

test('a call that wants a proof is repeated once it is given, with the same input', async () => {
  serve()
  answerWith(true)
  expect(await call('users.add', input)).toEqual({ operation: 'users.add' })
  expect(asked).toEqual([
    ['users.add', input],
    ['users.add', input],
  ])
  expect(ask.mock.calls[0]?.[0].code).toBe('step_up_required')
})

test('somebody who declines gets the refusal, and nothing is repeated', async () => {
  serve()
  answerWith(false)
  await expect(call('users.add', input)).rejects.toMatchObject({ code: 'step_up_required' })
  expect(asked).toHaveLength(1)
})

test('a second demand is an error, not another question', async () => {
  serve(2)
  answerWith(true)
  const heard: string[] = []
  const hush = onProblem((problem) => heard.push(problem.code))
  await expect(call('users.add', input)).rejects.toMatchObject({ code: 'step_up_required' })
  hush()
  expect(ask).toHaveBeenCalledOnce()
  expect(asked).toHaveLength(2)
  expect(heard).toEqual(['step_up_required'])
})

test('calls under way together share one question', async () => {
  serve()
  let give: (answer: boolean) => void = () => undefined
  ask.mockReturnValue(new Promise((resolve) => (give = resolve)))
  const both = Promise.all([call('users.add', input), call('users.add', input)])
  await vi.waitFor(() => expect(ask).toHaveBeenCalled())
  proven++
  give(true)
  await both
  expect(ask).toHaveBeenCalledOnce()
  expect(asked).toHaveLength(4)
})

test('a call refused after the proof for another one does not ask again', async () => {
  let refuse: (problem: Problem) => void = () => undefined
  const late = new Promise((_, reject) => (refuse = reject))
  let calls = 0
  setTransport({ send: () => (calls++ === 0 ? late : proven ? Promise.resolve({}) : Promise.reject(stepUpRequired())) })
  answerWith(true)
  const slow = call('users.add', input)
  await call('users.add', input)
  refuse(stepUpRequired())
  await slow
  expect(ask).toHaveBeenCalledOnce()
})

test('without anybody to ask, the refusal goes to the caller', async () => {
  stop()
  serve()
  await expect(call('users.add', input)).rejects.toMatchObject({ code: 'step_up_required' })
})

test('the proof itself is one call, and asks for no other', async () => {
  setTransport({ send: async (...sent) => (asked.push(sent), Promise.reject(stepUpRequired())) })
  await expect(stepUp({ password: 'p', recoveryCode: 'r' })).rejects.toMatchObject({ code: 'step_up_required' })
  expect(asked).toEqual([['session.stepUp', { password: 'p', recoveryCode: 'r' }]])
  expect(ask).not.toHaveBeenCalled()
})
