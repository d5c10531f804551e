import type { ProofMethod } from '../../api/proof'
import type { Session } from './session.svelte'

/** The second factors this page knows how to ask for. */
export const methods = ['authenticator_app', 'recovery_code'] as const
export type Method = (typeof methods)[number]

/** A newer server may name methods this build has no form for. */
export const isMethod = (name: string): name is Method => methods.some((method) => method === name)

/** How this session can be proved anew, the best way first; a server that does not say takes the password. */
export function proofMethods(session: (Session & { stepUpMethods?: readonly string[] }) | undefined): ProofMethod[] {
  const given = session?.stepUpMethods ?? ['password']
  return (['authenticator_app', 'recovery_code', 'password'] as const).filter((method) => given.includes(method))
}
