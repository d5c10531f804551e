import type { Operation } from './client'
import { operations } from './operations.gen'

/** True for a call that the page makes by itself: it does not keep the session awake. */
export const isBackground = (operation: Operation) => operations[operation].background
