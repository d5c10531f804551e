import * as v from 'valibot'
import type { ViolationCode } from '../../api/problem'
import { requiredText } from '../../ui/form.svelte'
import { changedRights, points } from './rights'
import { latestDay, today, type Service } from './service'
import { waysSchema } from './userForm'

/** The ways in of a program: nobody signs in as one. */
export const programPoints = points.filter((point) => point !== 'WEB')

/** A form of one that had this last day, which may stay although it is over. */
export const serviceSchema = (had = '') =>
  v.object({
    login: requiredText(64),
    name: requiredText(),
    purpose: v.pipe(v.string(), v.trim(), v.maxLength(300, 'too_long' satisfies ViolationCode)),
    owner: v.pipe(v.string(), v.nonEmpty('required' satisfies ViolationCode)),
    expiresOn: v.pipe(
      v.string(),
      v.nonEmpty('required' satisfies ViolationCode),
      v.check((day) => day === had || day >= today(), 'day_past' satisfies ViolationCode),
      v.check((day) => day === had || day <= latestDay(), 'day_too_far' satisfies ViolationCode),
    ),
    roles: v.pipe(v.array(v.string()), v.nonEmpty('required')),
    ...waysSchema,
  })
export type ServiceSchema = ReturnType<typeof serviceSchema>
type Values = v.InferOutput<ServiceSchema>

export const serviceValues = (user: Service): Values => ({
  login: user.login,
  name: user.name,
  purpose: user.service.purpose,
  owner: user.service.owner.id,
  expiresOn: user.service.expiresOn,
  roles: user.roles.map((role) => role.id),
  accessPoints: user.accessPoints as string[],
  ipRules: user.ipRules,
  newRule: '',
})

/** Only what was changed: what somebody else changed meanwhile stays as they left it. */
export function serviceChanges(before: Values, after: Values) {
  return {
    ...(before.name !== after.name ? { name: after.name } : {}),
    ...(before.purpose !== after.purpose ? { purpose: after.purpose } : {}),
    ...(before.owner !== after.owner ? { owner: after.owner } : {}),
    ...(before.expiresOn !== after.expiresOn ? { expiresOn: after.expiresOn } : {}),
    ...changedRights(before, after),
  }
}
