import * as v from 'valibot'
import { describe, expect, test } from 'vitest'
import { Problem } from '../api/problem'
import { speak } from '../testing/words'
import { userSchema } from '../features/users/userForm'
import { Form } from './form.svelte'

const blank = {
  login: '',
  name: '',
  email: '',
  mobile: '',
  language: 'en',
  roles: [] as string[],
  forceMfa: false,
  accessPoints: ['WEB'],
  ipRules: [] as string[],
  newRule: '',
}
const full = { ...blank, login: ' anna ', name: 'Anna', email: 'anna@example.eu', roles: ['rol_1'] }

describe('the form that adds a user', () => {
  test('names every faulty field at once', () => {
    const form = new Form(userSchema, blank)
    expect(form.check()).toBeUndefined()
    expect(form.errors).toEqual({ login: 'required', name: 'required', email: 'required', roles: 'required' })
    expect(form.faults).toBe(4)
  })

  test('gives trimmed values when nothing is wrong', () => {
    const form = new Form(userSchema, full)
    expect(form.check()).toMatchObject({ login: 'anna', email: 'anna@example.eu' })
    expect(form.faults).toBe(0)
  })

  test.each([
    ['email', 'anna', 'bad_format'],
    ['email', 'anna@example', 'bad_format'],
    ['email', 'an na@example.eu', 'bad_format'],
    ['mobile', '0470 12 34 56', 'bad_format'],
    ['mobile', '+32 470 12 34 56', undefined],
    ['name', 'x'.repeat(201), 'too_long'],
    ['login', 'x'.repeat(65), 'too_long'],
  ])('%s %j is %s', (field, value, code) => {
    const form = new Form(userSchema, { ...full, [field]: value })
    form.check()
    expect(form.errors[field]).toBe(code)
  })
})

describe('what the server finds', () => {
  const refused = (...violations: { field: string; code: 'taken' | 'not_grantable' }[]) =>
    new Problem({ code: 'invalid_fields', violations: violations.map((one) => ({ ...one, message: '' })) })

  test('lands at its fields, also inside a list', () => {
    const form = new Form(userSchema, full)
    const problem = refused({ field: 'login', code: 'taken' }, { field: 'roles[0]', code: 'not_grantable' })
    expect(form.accept(problem)).toBe(true)
    expect(form.errors).toEqual({ login: 'taken', roles: 'not_grantable' })
  })

  test('about a field the form does not have is left to be shown above it', () => {
    const form = new Form(userSchema, full)
    expect(form.accept(refused({ field: 'account', code: 'taken' }))).toBe(false)
  })
})

test('a form is dirty from the first change until it is reset', () => {
  const form = new Form(v.object({ name: v.string() }), { name: '' })
  expect(form.dirty).toBe(false)
  form.values.name = 'x'
  expect(form.dirty).toBe(true)
  form.reset({ name: 'x' })
  expect(form.dirty).toBe(false)
})

describe('sending a form', () => {
  const refusing = (problem: Problem) => async () => Promise.reject(problem)
  const make = () =>
    new Form(v.object({ code: v.pipe(v.string(), v.nonEmpty('required')) }), { code: '1' }, { code_wrong: 'code' })

  test('sends once, however often it is asked to', async () => {
    const form = make()
    let sent = 0
    let answer: () => void = () => undefined
    const send = () => (sent++, new Promise<void>((resolve) => (answer = resolve)))
    const first = form.submit(undefined, send)
    await form.submit(undefined, send)
    expect([sent, form.busy]).toEqual([1, true])
    answer()
    await first
    expect(form.busy).toBe(false)
  })

  test('sends nothing that is faulty', async () => {
    const form = make()
    form.values.code = ''
    await form.submit(undefined, () => expect.fail())
    expect(form.errors).toEqual({ code: 'required' })
  })

  test('a problem stands above the form, or at the field that is to blame', async () => {
    await speak('en')
    const form = make()
    await form.submit(undefined, refusing(new Problem({ code: 'conflict' })))
    expect([form.notice?.code, form.wrong('code')]).toEqual(['conflict', undefined])
    await form.submit(undefined, refusing(new Problem({ code: 'code_wrong' })))
    expect([form.notice, form.wrong('code')]).toEqual([undefined, expect.stringContaining('code is not right')])
    await form.submit(undefined, () => undefined)
    expect([form.problem, form.busy]).toEqual([undefined, false])
  })
})
