import type { StoreMark } from './store-identity.ts'

export interface HousekeepingActivities {
  /** `mark`: absent where the store did not answer. */
  housekeep(): Promise<{ resent: number; repaired: number; mark?: StoreMark | undefined }>
}

/** How a turn of deliveries went. */
export interface WebhookTurn {
  delivered: number
  failed: number
  /** Until something is due, in milliseconds; null: nothing is to come. */
  nextInMs: number | null
}

export interface WebhookActivities {
  /** `endpoint` is a key of webhook-endpoints.ts. */
  deliverWebhooks(endpoint: string): Promise<WebhookTurn>
}

export interface BulkActivities {
  /** Carries a bulk operation on; answers whether nothing is left of it. */
  carryOnBulk(id: string): Promise<boolean>
}

export interface ScheduleActivities {
  /** Triggers what a schedule is for, if an occurrence is due by `at`, epoch milliseconds. */
  carryOutSchedule(id: string, at: number): Promise<void>
}
