/** The second factors this page knows how to ask for. */
export const methods = ['authenticator_app', 'recovery_code'] as const
export type Method = (typeof methods)[number]

/** A newer server may name methods this build has no form for. */
export const isMethod = (name: string): name is Method => methods.some((method) => method === name)
