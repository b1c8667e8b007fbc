import { defineSignal } from '@temporalio/workflow'
import type { Lane } from './lane-name.ts'
import type { Range } from './ranges.ts'
import type { Sleepers } from './sleepers.ts'
import type { StoreIdentity } from './store-identity.ts'

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

/** Something is due for the endpoint. */
export const wakeSignal = defineSignal('wake')
