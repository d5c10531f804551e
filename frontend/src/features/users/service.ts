import * as v from 'valibot'
import type { Schema } from '../../api/client'
import { serverNow } from '../../api/clock'
import type { ViolationCode } from '../../api/problem'
import { requiredText } from '../../ui/form.svelte'
import type { User } from './list.svelte'
import { changedRights, points } from './rights'
import { waysSchema } from './userForm'

/** Service users: programs with an owner and a last day, which is a day by UTC. */

type Terms = Schema['ServiceTerms']
/** A user that is a program. */
export type Service = User & { service: Terms }

/** The ways in of a program: nobody signs in as one. */
export const programPoints = points.filter((point) => point !== 'WEB')

const dayMs = 86_400_000
/** From how many days before its end on people should think of it. */
export const soon = 30

const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10)
export const today = () => dayOf(serverNow())
/** The day that comes so many days after today. */
export const inDays = (n: number) => dayOf(serverNow() + n * dayMs)
/** The day that comes so many years after today; of a leap day, the first of March. */
export function inYears(n: number) {
  const then = new Date(serverNow())
  then.setUTCFullYear(then.getUTCFullYear() + n)
  return dayOf(then.getTime())
}
/** No service user may live longer unseen. */
export const latestDay = () => inYears(2)

/** How many days come after today until the last one: 0 on the last day itself. */
export const daysLeft = ({ expiresOn }: Terms) => Math.round((Date.parse(expiresOn) - Date.parse(today())) / dayMs)

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
