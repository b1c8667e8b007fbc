import type { Logger } from 'pino'
import type { Database } from '../store/database.ts'
import { confirmSignals, type Confirmation } from '../store/pending-signals.ts'

const BATCH = 1_000

/** Forgets signals that Temporal has taken: while one batch is written, the next gathers. */
export class Confirmations {
  readonly #db: Database
  readonly #log: Logger
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

  async settled(): Promise<void> {
    await this.#writing
  }

  async #write(): Promise<void> {
    while (this.#waiting.length > 0) {
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
