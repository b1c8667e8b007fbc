import { sql, type SQL } from 'drizzle-orm'
import { sqlState, type StoreError } from './store-error.ts'

/** Postgres' disk_full. */
const DISK_FULL = '53100'

/**
 * Knows whether the store's disk takes rows. Reads pass on a full one, so a probe that reads says nothing: once a statement
 * was refused for want of room, a megabyte is written and thrown away, until that passes.
 */
export class DiskWatch {
  #suspected = false

  seen(error: StoreError): void {
    if (error.sqlState === DISK_FULL) this.#suspected = true
  }

  /** Rejects with a StoreError when the store does not answer. */
  async isFull(db: { execute(statement: SQL): PromiseLike<unknown> }): Promise<boolean> {
    if (!this.#suspected) return false
    try {
      await db.execute(
        sql`create temporary table room on commit drop as select repeat('x', 1900) as filler from generate_series(1, 500)`,
      )
    } catch (error) {
      if (sqlState(error) === DISK_FULL) return true
      // Who may make no such table is left with what the next statement is told.
      if (sqlState(error) !== '42501') throw error
    }
    this.#suspected = false
    return false
  }
}
