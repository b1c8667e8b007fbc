import { defineQuery } from '@temporalio/workflow'
import type { StoreIdentity } from './store-identity.ts'

/** Messages by how they ended, recipient runs that failed, and recipient runs canceled. */
export interface Counts {
  sent: number
  canceled: number
  skipped: number
  failed: number
}

export interface RunView extends Counts {
  /** Whose rows it is about. */
  store: StoreIdentity
  pending: number
  /** Handed out to a worker at this moment. */
  acting: number
  /** When somebody wakes next, ISO 8601; null when nobody sleeps. */
  nextDue: string | null
}

export const stateQuery = defineQuery<RunView>('state')
