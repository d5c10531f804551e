import { call, type Operation } from './client'

/** How a person can prove anew that it is them. */
export type ProofMethod = 'authenticator_app' | 'recovery_code' | 'password'
/** A recovery code counts together with the password, the other two by themselves. */
export interface Proof {
  password?: string
  code?: string
  recoveryCode?: string
}

export const proofOperation = 'session.stepUp' satisfies Operation

/** Proves anew that it is still the same person; rejects when the proof is no good. */
export const stepUp = async (proof: Proof): Promise<void> => void (await call(proofOperation, proof))
