import { defineQuery, defineSignal } from '@temporalio/workflow'
import type { Range } from './ranges.ts'

export { idsOf, toRanges, type Range } from './ranges.ts'

/** Whose rows a run is about. A run acts for one store only; a higher epoch means that the store was restored. */
export interface StoreIdentity {
  /** UUID, made once with the store. */
  id: string
  epoch: number
}

/** How far a store has come: the counter grows by one a minute. A store behind its own mark was restored from a backup. */
export interface StoreMark extends StoreIdentity {
  counter: number
}

/** The memo of the housekeeping workflow that holds the mark of the store it is about. */
export const STORE_MARK = 'belayStore'

/**
 * What sleeps in a run: `run`, a recipient run; `<step type>/act`, one whose step acts on the outside; or
 * `<channel type>/<number>`, the message with that number of a recipient run. A row id is in a lane at most once.
 */
export type Lane = string
export const RUN_LANE: Lane = 'run'

/** Ends the lane of recipient runs whose step acts on the outside, `<step type>/act`: one that waits for an answer leaves walks their slots. */
const ACT = '/act'

export function isActLane(lane: Lane): boolean {
  return lane.endsWith(ACT)
}

export function actLane(stepType: string): Lane {
  return stepType + ACT
}

/**
 * Why a message is tried again: nobody took it, its provider asked to wait, or never answered. Or why a step is: it
 * failed, which its author may mend, or Belay did.
 */
export type RetryReason = 'not taken' | 'asked to wait' | 'no answer' | 'step failed' | 'fault of Belay'

/** Sleepers of one lane that share step, revision and due instant. */
export interface Sleepers {
  lane: Lane
  /** Ref of the step they stand in or were made by: a label, nothing is decided by it. */
  step: string
  revision: number
  /** Epoch milliseconds. */
  due: number
  rows: Range[]
  /** Failed tries of a message, or of a recipient run's step; absent: none. */
  tries?: number
  /** Of what class its last failure was; absent where that is not at hand. */
  why?: RetryReason
  /** The recipients in the order of `rows`; only in small runs. */
  names?: string[]
}

export interface TriggerMessage {
  workflowRunId: string
  sleepers: Sleepers[]
}

/** Adds what triggers accepted. May come twice, or after a start with the same: known rows are not added twice. */
export interface TriggersMessage {
  store: StoreIdentity
  triggers: TriggerMessage[]
}
export const triggerSignal = defineSignal<[TriggersMessage]>('trigger')

/** From the api: what the store has already taken out, lane by lane. `recipients` names them in small runs, for whoever reads the history. */
export interface RemovedMessage {
  store: StoreIdentity
  removed: { lane: Lane; rows: Range[] }[]
  recipients?: string[]
  /** Who asked: an api key's id, or `temporal`. */
  by?: string
  reason?: string
}

/** Sent by hand: the run has the recipients taken out of the store. No recipients: all of them. */
export interface CancelRequest {
  recipients?: (string | { collection: string; id: string })[] | null
  workflow_run_id?: string | null
  reason?: string | null
}

/** Removes recipients: what the api's message says is gone, or what a request sent by hand names; with none named, the whole run ends. */
export const cancelSignal = defineSignal<[(RemovedMessage | CancelRequest)?]>('cancel')

/**
 * New due instants and revisions of what the store has already moved. `reload`: the run is to read the store again, since
 * something was found overdue or the store was restored.
 */
export interface MoveMessage {
  store: StoreIdentity
  sleepers: Sleepers[]
  reload?: boolean
}
export const moveSignal = defineSignal<[MoveMessage]>('move')

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

/** What a run is started with: by a trigger, by housekeeping, or by the execution before it, which hands on what it `carried`. */
export interface RunInput {
  definition: string
  cancelationKey: string | null
  store: StoreIdentity
  /** Who opened the run. None: it reads the store first. */
  triggers?: TriggerMessage[]
  carried?: Carried
}

/** Never sleepers: the next execution reads them from the store. */
export interface Carried {
  counts: Counts
  /** Public ids of the newest triggers, at most as many as the search attribute shows. */
  triggers: string[]
  /** The highest row id the run was ever told of. */
  newest: number
}

/** Recipient runs to be walked on. */
export interface AdvanceInput {
  store: StoreIdentity
  rows: { revision: number; ids: Range[] }[]
}

/** Recipient runs of one lane whose step is to act on the outside. */
export interface ActInput {
  store: StoreIdentity
  lane: Lane
  rows: { revision: number; ids: Range[] }[]
}

/** Messages of one lane to be sent. */
export interface DeliverInput {
  store: StoreIdentity
  lane: Lane
  rows: { revision: number; ids: Range[] }[]
}

/** Who sleeps again, in which lane and until when, by the store's clock: everyone else of the chunk is through. */
export interface ChunkResult extends Counts {
  /** The store's clock, epoch milliseconds. */
  now: number
  asleep: Sleepers[]
}

/** Where a window of sleepers ends, in the order (due, lane, row); everything after it is in the store only. */
export interface Edge {
  due: number
  lane: Lane
  row: number
}

export interface PageInput {
  store: StoreIdentity
  /** Null: from the beginning. */
  after: Edge | null
  /** How many sleepers at most. */
  limit: number
}

export interface Page {
  /** The store's clock, epoch milliseconds. */
  now: number
  sleepers: PackedSleepers[]
  /** The last sleeper of this page if more follow; null: the store has nothing beyond. */
  edge: Edge | null
  /** How many there are beyond the edge. */
  beyond: number
  /** The highest row id that a trigger of the run has, 0 for none: a cancel by hand means no later one. */
  newest: number
  /** Public ids of the newest triggers with somebody pending, newest last, at most 50. */
  triggers: string[]
}

/** Sleepers of one lane, step, revision and number of tries; ids and dues as differences, so that 50,000 of them stay within one payload. */
export interface PackedSleepers {
  lane: Lane
  step: string
  revision: number
  ids: number[]
  dues: number[]
  /** Failed tries of each message; absent: none. */
  tries?: number
  /** In runs of at most 50. */
  names?: string[]
}

export interface CancelInput {
  store: StoreIdentity
  request: CancelRequest
  /** The newest row the run knew of when the request came: a trigger accepted later is not meant. */
  upTo: number
}

/** What the worker does for a run. Each acts only on rows of the run that calls it. */
export interface RunActivities {
  /** Walks recipient runs through their steps until they wait or end; makes messages. */
  advance(input: AdvanceInput): Promise<ChunkResult>
  /** Carries out what the step of recipient runs does on the outside, each claimed for it. Returns within half a minute. */
  act(input: ActInput): Promise<ChunkResult>
  /** Claims, sends and records messages. Returns within seconds; a send that lasts longer goes on under its lease. */
  deliver(input: DeliverInput): Promise<ChunkResult>
  /** A cancel by hand, carried out in the store. */
  cancelInStore(input: CancelInput): Promise<{ removed: { lane: Lane; rows: Range[] }[] }>
  /** The next sleepers of the run, in the order (due, lane, row). */
  loadPage(input: PageInput): Promise<Page>
}

export interface HousekeepingActivities {
  /** `mark`: absent where the store did not answer. */
  housekeep(): Promise<{ resent: number; repaired: number; mark?: StoreMark | undefined }>
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

/** Sends have a task queue of their own: one that lasts minutes leaves walks their slots. */
export function deliverQueue(taskQueue: string): string {
  return `${taskQueue}-deliver`
}

/** So do steps that act on the outside. */
export function actQueue(taskQueue: string): string {
  return `${taskQueue}-act`
}

export interface BulkActivities {
  /** Carries a bulk operation on; answers whether nothing is left of it. */
  carryOnBulk(id: string): Promise<boolean>
}

export interface ScheduleActivities {
  /** Triggers what a schedule is for, if an occurrence is due by `at`, epoch milliseconds. */
  carryOutSchedule(id: string, at: number): Promise<void>
}

/** Workflow types, by the names of their functions. */
export const NOTIFICATION_RUN = 'notificationRun'
export const HOUSEKEEPING = 'housekeeping'
export const WEBHOOK_DELIVERY = 'webhookDelivery'
export const BULK_OPERATION = 'bulkOperation'
export const SCHEDULE_OCCURRENCE = 'scheduleOccurrence'
