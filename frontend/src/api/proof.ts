import { call, type Operation } from './client'

/** How a person can prove anew that it is them. */
export type ProofMethod = 'security_key' | 'authenticator_app' | 'recovery_code' | 'password'
/** A recovery code counts together with the password, the others by themselves; a key answers a ceremony. */
export interface Proof {
  password?: string
  code?: string
  recoveryCode?: string
  ceremony?: string
  credential?: Record<string, unknown>
}

export const proofOperation = 'session.stepUp' satisfies Operation

/** Proves anew that it is still the same person; rejects when the proof is no good. */
export const stepUp = async (proof: Proof): Promise<void> => void (await call(proofOperation, proof))
