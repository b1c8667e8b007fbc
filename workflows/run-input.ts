import type { Counts } from './run-view.ts'
import type { TriggerMessage } from './signals.ts'
import type { StoreIdentity } from './store-identity.ts'

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
