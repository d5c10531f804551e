import * as v from 'valibot'
import { emailAddress, optionalMobile, requiredText } from '../../ui/form.svelte'

/** What is asked about a user; which characters a login may have the server decides. */
export const userSchema = v.object({
  login: requiredText(64),
  name: requiredText(),
  email: emailAddress(),
  mobile: optionalMobile(),
  language: requiredText(),
  roles: v.pipe(v.array(v.string()), v.nonEmpty('required')),
  forceMfa: v.boolean(),
})
