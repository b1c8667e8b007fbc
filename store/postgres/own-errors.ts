import type { PgDatabase, PgQueryResultHKT, PgSession } from 'drizzle-orm/pg-core'
import { toStoreError, type StoreError } from './store-error.ts'

type AnyDatabase = PgDatabase<PgQueryResultHKT, Record<string, unknown>>
type Transaction = (work: (tx: AnyDatabase) => Promise<unknown>, config?: unknown) => Promise<unknown>
type Prepare = (...given: unknown[]) => { execute: (...given: unknown[]) => Promise<unknown> }

/** A way of the session's own to run a transaction; see pool.ts. */
export type RunTransaction = (original: Transaction) => Transaction

interface Guard {
  runTransaction?: RunTransaction
  /** Told of each error before it is thrown. */
  seen?: (error: StoreError) => void
}

/**
 * Makes every statement and transaction of this database fail with a StoreError. Drizzle's own error is the statement with
 * its parameters, and with them names, addresses and rendered text.
 */
export function throwStoreErrors(db: unknown, how: Guard = {}): void {
  guard((db as AnyDatabase)._.session as PgSession, how)
}

function guard(session: PgSession, { runTransaction = (original) => original, seen }: Guard): void {
  const ours = (error: unknown) => {
    const told = toStoreError(error)
    seen?.(told)
    return told
  }
  const mutable = session as unknown as { prepareQuery: Prepare; transaction: Transaction }
  const prepare = mutable.prepareQuery.bind(session)
  mutable.prepareQuery = (...given) => {
    const statement = prepare(...given)
    const execute = statement.execute.bind(statement)
    statement.execute = async (...values) => {
      try {
        return await execute(...values)
      } catch (error) {
        throw ours(error)
      }
    }
    return statement
  }
  const transaction = runTransaction(mutable.transaction.bind(session))
  mutable.transaction = async (work, config) => {
    // What the work throws is its own; what begin, commit and rollback throw is the store's.
    let thrown: { error: unknown } | undefined
    try {
      return await transaction(async (tx) => {
        guard(tx._.session as PgSession, seen === undefined ? {} : { seen })
        try {
          return await work(tx)
        } catch (error) {
          thrown = { error }
          throw error
        }
      }, config)
    } catch (error) {
      throw thrown !== undefined && thrown.error === error ? error : ours(error)
    }
  }
}
