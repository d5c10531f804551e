/** Green for whoever may come in, amber for whoever is awaited. */
export const statusTone = { active: 'good', invited: 'warn', deactivated: 'quiet' } as const
