import type { ProofMethod } from '../../api/proof'
import type { Session } from './session.svelte'

/** The second factors this page knows how to ask for, the best first. */
export const methods = ['security_key', 'authenticator_app', 'recovery_code'] as const
export type Method = (typeof methods)[number]

/** A newer server may name methods this build has no form for. */
export const isMethod = (name: string): name is Method => methods.some((method) => method === name)

/** Those that are a code to type. */
export type CodeMethod = Exclude<Method, 'security_key'>
export const isCode = (method: string): method is CodeMethod => isMethod(method) && method !== 'security_key'

/** What of this can be used on this page, the best first; a security key needs a way to it. */
export const usable = (given: readonly string[], keysWork: boolean): Method[] =>
  methods.filter((method) => given.includes(method) && (keysWork || method !== 'security_key'))

/** How this session can be proved anew, the best way first; a server that does not say takes the password. */
export function proofMethods(
  session: (Session & { stepUpMethods?: readonly string[] }) | undefined,
  keysWork: boolean,
): ProofMethod[] {
  const given = session?.stepUpMethods ?? ['password']
  return [...usable(given, keysWork), ...(given.includes('password') ? (['password'] as const) : [])]
}
