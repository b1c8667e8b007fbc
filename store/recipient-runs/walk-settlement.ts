import type { BatchEntry, BatchSeen } from '../batches/batch-entry.ts'
import type { NewMessage } from '../messages/new-message.ts'
import type { JsonObject } from '../schema/index.ts'
import type { EventWait } from '../waits/event-wait.ts'
import type { Lane } from '../../workflows/lane-name.ts'
import type { RetryReason } from '../../workflows/sleepers.ts'
import type { WalkEvent } from './insert-events.ts'

/** Where a walk stands, or how it ended. */
export interface WalkSettlement {
  id: number
  /** The revision it was walked under; nothing is written for a row that has another by now. */
  revision: number
  status: 'waiting' | 'ended'
  step: number
  phase: 'enter' | 'wait'
  /** Epoch milliseconds: since when it stands in `step`. */
  enteredAt: number
  /** Epoch milliseconds; null: something else wakes it. */
  due: number | null
  /** Where it sleeps in its run; absent: with all walks. */
  lane?: Lane
  /** Failed tries of its step; absent: none. */
  attempt?: number
  /** Why its step is tried again; absent: it is not. */
  why?: RetryReason
  /** Steps that failed. */
  errors: number
  reason: string | null
  /** What its steps remember from now on; null: as it was. */
  state: JsonObject | null
  messages: NewMessage[]
  events: WalkEvent[]
  /** The batches it comes to, and the one it goes on for. Absent: none. */
  batch?: { entries: BatchEntry[]; seen: BatchSeen | null }
  /** It begins to wait for an event, has looked at some in vain, or its wait is over. Absent: none of it. */
  wait?: { enters?: EventWait; seen?: string[]; leaves?: boolean }
  /** The version it walks in from now on. Absent: as it was. */
  definitionHash?: string
}
