import type { Lane } from './lane-name.ts'
import type { Range } from './ranges.ts'
import type { Counts } from './run-view.ts'
import type { CancelRequest } from './signals.ts'
import type { Edge, PackedSleepers, Sleepers } from './sleepers.ts'
import type { StoreIdentity } from './store-identity.ts'

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
