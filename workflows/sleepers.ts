import type { Lane } from './lane-name.ts'
import type { Range } from './ranges.ts'

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

/** Where a window of sleepers ends, in the order (due, lane, row); everything after it is in the store only. */
export interface Edge {
  due: number
  lane: Lane
  row: number
}
