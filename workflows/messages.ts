import { defineQuery, defineSignal } from '@temporalio/workflow'
import type { Range } from './ranges.ts'

export { idsOf, toRanges, type Range } from './ranges.ts'

/** Recipient runs that share step, revision and due instant. */
export interface Sleepers {
  /** Ref of the step to carry out at `due`. */
  step: string
  revision: number
  /** Epoch milliseconds. */
  due: number
  rows: Range[]
  /** The recipients in the order of `rows`; only where a trigger has few of them. */
  names?: string[]
}

export interface TriggerMessage {
  workflowRunId: string
  sleepers: Sleepers[]
}

/** Adds what triggers accepted. May come twice, or after a start with the same: known rows are not added twice. */
export const triggerSignal = defineSignal<[TriggerMessage[]]>('trigger')

/** From the api: rows the store has already taken out. `recipients` names them in small runs, for whoever reads the history. */
export interface RemovedMessage {
  rows: Range[]
  recipients?: string[]
}

/** Sent by hand: the run has the recipients taken out of the store. No recipients: all of them. */
export interface CancelRequest {
  recipients?: (string | { collection: string; id: string })[] | null
  workflow_run_id?: string | null
  reason?: string | null
}

/** Removes recipients: the rows of the api's message, or what a request sent by hand names; with none named, the whole run ends. */
export const cancelSignal = defineSignal<[(RemovedMessage | CancelRequest)?]>('cancel')

/** New due instants and revisions of rows the store has already moved. */
export const moveSignal = defineSignal<[Sleepers[]]>('move')

/** Messages by how they ended, and recipients canceled. */
export interface Counts {
  sent: number
  canceled: number
  skipped: number
  failed: number
}

export interface RunView extends Counts {
  pending: number
  delivering: number
  /** When somebody wakes next, ISO 8601; null when nobody sleeps. */
  nextDue: string | null
}

export const stateQuery = defineQuery<RunView>('state')

/** What a run is started with: by a trigger, or by the execution before it, which hands on what it `carried`. */
export interface RunInput {
  definition: string
  cancelationKey: string | null
  /** Who opened the run. None where it was thought to be open: its trigger then comes by signal. */
  triggers?: TriggerMessage[]
  carried?: Carried
}

export interface Carried {
  sleepers: CarriedSleepers[]
  removed: Range[]
  moved: Sleepers[]
  counts: Counts
  triggers: string[]
}

/** Sleepers of one step and revision; ids and dues as differences, so that 100,000 of them stay within one payload. */
export interface CarriedSleepers {
  step: string
  revision: number
  ids: number[]
  dues: number[]
  names?: (string | null)[]
}

export interface DeliverInput {
  /** The workflow's clock at the hand-out, epoch milliseconds: later dues count from it. */
  now: number
  /** Ref of the step to carry out. */
  step: string
  rows: { revision: number; ids: Range[] }[]
}

/** Who sleeps again, and until when. Everyone else of the chunk is through. */
export interface DeliverResult extends Counts {
  asleep: Sleepers[]
}

export interface TakeOutInput {
  workflowId: string
  request: CancelRequest
  /** The newest row the run knew of when the request came: a trigger accepted later is not meant. */
  upTo: number
}

/** What the worker does for a run. */
export interface RunActivities {
  deliver(input: DeliverInput): Promise<DeliverResult>
  takeOut(input: TakeOutInput): Promise<{ rows: Range[] }>
}

export interface HousekeepingActivities {
  housekeep(): Promise<{ resent: number; ended: number }>
}

/** Something is due for the endpoint. */
export const wakeSignal = defineSignal('wake')

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

/** Workflow types, by the names of their functions. */
export const NOTIFICATION_RUN = 'notificationRun'
export const HOUSEKEEPING = 'housekeeping'
export const WEBHOOK_DELIVERY = 'webhookDelivery'
