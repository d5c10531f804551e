import { expect, test, vi } from 'vitest'
import { pageOf, serve } from '../../testing/server'
import { fromAddress } from './filter'
import { UserList, type User } from './list.svelte'

const user = (id: string, more: Partial<User> = {}) => ({ id, name: id, ...more }) as User
const filter = fromAddress(new URLSearchParams())

test('changes are taken over in place, without asking anew', async () => {
  const asked = serve({ 'users.list': () => pageOf([user('a'), user('b'), user('c')]) })
  const list = new UserList()
  await list.load(filter)
  list.take({ kind: 'changed', user: user('b', { name: 'Zoe' }) })
  expect(list.rows.map((one) => one.name)).toEqual(['a', 'Zoe', 'c'])
  list.take({ kind: 'deleted', user: user('a') })
  expect(list.rows.map((one) => one.id)).toEqual(['b', 'c'])
  expect(list.total).toBe(2)
  expect(asked).toHaveLength(1)
})

test('somebody new is fetched while the list stays as it is', async () => {
  let rows = [user('a')]
  serve({ 'users.list': () => pageOf(rows) })
  const list = new UserList()
  await list.load(filter)
  rows = [user('a'), user('b')]
  list.take({ kind: 'added', user: user('b') })
  expect(list.loading).toBe(false)
  expect(list.rows).toHaveLength(1)
  await vi.waitFor(() => expect(list.rows).toHaveLength(2))
})
