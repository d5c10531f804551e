import { expect, test } from 'vitest'
import { bySource } from './permissions'

const support = { id: 'rol_1', name: 'Support' }
const tech = { id: 'rol_2', name: 'Tech' }

test('permissions stand under the roles they come from', () => {
  expect(
    bySource([
      { permission: 'VIEW_DOMAIN', roles: [support, tech] },
      { permission: 'CREATE_HOST', roles: [tech] },
      { permission: 'VIEW_CONTACT', roles: [tech, support] },
      { permission: 'VIEW_CUSTOMER', roles: [support] },
      { permission: 'UPDATE_HOST', roles: [tech] },
    ]).map(({ roles, permissions }) => [roles.map(({ name }) => name), permissions]),
  ).toEqual([
    [['Tech'], ['CREATE_HOST', 'UPDATE_HOST']],
    [['Support'], ['VIEW_CUSTOMER']],
    [
      ['Support', 'Tech'],
      ['VIEW_DOMAIN', 'VIEW_CONTACT'],
    ],
  ])
})

test('whoever has no role may do nothing', () => {
  expect(bySource([])).toEqual([])
})
