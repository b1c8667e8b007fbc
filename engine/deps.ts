import type { Catalog } from '../definitions/catalog.ts'
import type { Outbox } from '../events/outbox.ts'
import type { Store } from '../store/postgres/database.ts'
import type { PendingSignal } from '../store/signals/pending-signals.ts'
import type { KeyedMutex } from './keyed-mutex.ts'

/** What the use cases work with. Nothing here speaks HTTP, and of Temporal only that signals go out. */
export interface EngineDeps {
  store: Store
  catalog: Catalog
  signaler: SignalSender
  /** What is to be told to BELAY_WEBHOOKS. */
  outbox: Outbox
  /** Calls for one run wait for each other here rather than in the store. */
  mutex: Pick<KeyedMutex, 'run'>
  /** Epoch milliseconds by the store's clock. */
  now: () => number
  /** Of recipients who have none of their own; absent: UTC. */
  timeZone?: string | undefined
}

export interface SignalSender {
  /**
   * Tells a run of what has been committed. Resolves once it is told or has been left to housekeeping, after some seconds
   * at most; never rejects.
   */
  send(signal: PendingSignal): Promise<void>
  /** Starts a bulk operation that has been committed, or leaves it to housekeeping; never rejects. */
  startBulk?(id: string): Promise<void>
  /** Tells Temporal of schedules that were written, or leaves it to housekeeping; never rejects. */
  syncSchedules?(): Promise<void>
}

/** Who asks: a caller of the API, a schedule, a workflow that triggers another. */
export interface Caller {
  /** The name of the key that called, or the part of Belay that did. Kept with what was done. */
  apiKey: string
  /** Tells its Idempotency-Keys from those of other keys. */
  keyId?: string
  /** Kept with an answer that may be repeated, so that a repeat can name the first. */
  requestId?: string
  /** W3C's traceparent of the call, where it is traced: what comes of it is a part of that. */
  trace?: string | undefined
  /** Under this key the call is carried out once in 24 hours, and answered the same again. */
  idempotencyKey?: string | undefined
}
