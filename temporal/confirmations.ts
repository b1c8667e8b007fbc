import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Database } from '../store/postgres/database.ts'
import { confirmSignals, type Confirmation } from '../store/signals/pending-signals.ts'

const BATCH = 1_000
/** Confirmations gather for this long: one statement for many triggers, and nobody waits for it. */
const GATHER_MS = 100

/** Forgets signals that Temporal has taken, many at a time. */
export class Confirmations {
  readonly #db: Database
  readonly #log: Logger
  readonly #closing = new AbortController()
  #waiting: Confirmation[] = []
  #writing: Promise<void> | undefined

  constructor(db: Database, log: Logger) {
    this.#db = db
    this.#log = log
  }

  add(confirmations: Confirmation[]): void {
    this.#waiting.push(...confirmations)
    this.#writing ??= this.#write()
  }

  /** Resolves when what has gathered is written. */
  async settled(): Promise<void> {
    await this.#writing
  }

  /** Writes what has gathered, at once. */
  async close(): Promise<void> {
    this.#closing.abort()
    await this.#writing
  }

  async #write(): Promise<void> {
    while (this.#waiting.length > 0) {
      await delay(GATHER_MS, undefined, { signal: this.#closing.signal }).catch(() => undefined)
      const batch = this.#waiting.splice(0, BATCH)
      try {
        await confirmSignals(this.#db, batch)
      } catch (error) {
        // They are sent again by housekeeping, which does no harm.
        this.#log.warn({ err: error, signals: batch.length }, 'signals sent but not confirmed in the store')
      }
    }
    this.#writing = undefined
  }
}
