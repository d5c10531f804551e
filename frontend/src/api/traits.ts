import type { Operation } from './client'
import { operations } from './operations.gen'

const traits: Partial<Record<Operation, { path: string; background?: boolean }>> = operations

// The table of operations names these itself once it is generated with that flag.
const background: readonly Operation[] = ['session.show', 'installation.show', 'installation.protection']

/** True for a call that the page makes by itself: it does not keep the session awake. */
export const isBackground = (operation: Operation) => traits[operation]?.background ?? background.includes(operation)
