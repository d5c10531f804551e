import * as v from 'valibot'
import { describe, expect, test } from 'vitest'
import { Problem } from '../api/problem'
import { addUserSchema } from '../features/users/addForm'
import { Form } from './form.svelte'

const blank = { login: '', name: '', email: '', mobile: '', language: 'en', roles: [] as string[], forceMfa: false }
const full = { ...blank, login: ' anna ', name: 'Anna', email: 'anna@example.eu', roles: ['rol_1'] }

describe('the form that adds a user', () => {
  test('names every faulty field at once', () => {
    const form = new Form(addUserSchema, blank)
    expect(form.check()).toBeUndefined()
    expect(form.errors).toEqual({ login: 'required', name: 'required', email: 'required', roles: 'required' })
    expect(form.faults).toBe(4)
  })

  test('gives trimmed values when nothing is wrong', () => {
    const form = new Form(addUserSchema, full)
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
    const form = new Form(addUserSchema, { ...full, [field]: value })
    form.check()
    expect(form.errors[field]).toBe(code)
  })
})

describe('what the server finds', () => {
  const refused = (...violations: { field: string; code: 'taken' | 'not_grantable' }[]) =>
    new Problem({ code: 'invalid_fields', violations: violations.map((one) => ({ ...one, message: '' })) })

  test('lands at its fields, also inside a list', () => {
    const form = new Form(addUserSchema, full)
    const problem = refused({ field: 'login', code: 'taken' }, { field: 'roles[0]', code: 'not_grantable' })
    expect(form.accept(problem)).toBe(true)
    expect(form.errors).toEqual({ login: 'taken', roles: 'not_grantable' })
  })

  test('about a field the form does not have is left to be shown above it', () => {
    const form = new Form(addUserSchema, full)
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
