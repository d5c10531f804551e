import * as v from 'valibot'
import type { ViolationCode } from '../../api/problem'
import { faultOf } from './range'
import { emailAddress, optionalMobile, requiredText, type Form } from '../../ui/form.svelte'

/** What is asked about the ways in, of people and of programs. */
export const waysSchema = {
  accessPoints: v.pipe(v.array(v.string()), v.nonEmpty('required')),
  ipRules: v.array(v.string()),
  /** What was typed and not added counts as well, so it has to be right. */
  newRule: v.pipe(
    v.string(),
    v.check((text) => faultOf(text) !== 'bad_address', 'bad_address' satisfies ViolationCode),
    v.check((text) => faultOf(text) !== 'host_bits', 'host_bits' satisfies ViolationCode),
  ),
}
/** A form in which they are asked, among other things. */
export type WaysForm = Pick<Form<v.ObjectSchema<typeof waysSchema, undefined>>, 'errors' | 'element'> & {
  values: { accessPoints: string[]; ipRules: string[]; newRule: string }
}

/** What is asked about a user; which characters a login may have the server decides. */
export const userSchema = v.object({
  login: requiredText(64),
  name: requiredText(),
  email: emailAddress(),
  mobile: optionalMobile(),
  language: requiredText(),
  roles: v.pipe(v.array(v.string()), v.nonEmpty('required')),
  forceMfa: v.boolean(),
  ...waysSchema,
})
