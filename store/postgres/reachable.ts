import { sql } from 'drizzle-orm'
import type { Logger } from 'pino'
import { setTimeout as delay } from 'node:timers/promises'
import { SettingsError } from '../../settings/settings.ts'
import { openPostgres, query, type PoolOptions, type Store } from './database.ts'
import { StoreError } from './store-error.ts'

export interface Patience {
  /** How long a store that does not answer is waited for. */
  waitMs: number
  log: Pick<Logger, 'warn'>
  /** Aborted: the wait ends at once. */
  signal: AbortSignal
}

const LOOK_MS = 500
const LINE_MS = 10_000

/**
 * Postgres, once it has answered; with `patience` it is waited for. Throws a SettingsError that names DATABASE_URL, and not
 * the password in it.
 */
export async function openReachablePostgres(url: string, options?: PoolOptions, patience?: Patience): Promise<Store> {
  const store = openPostgres(url, options)
  try {
    await patiently(() => store.ping(), patience)
    if (options?.pooled === true) await warnOfEndless(store, options.log)
    return store
  } catch (error) {
    await store.close()
    throw error
  }
}

/** Throws a SettingsError with the command to run where the tables of this version are not there. What may pass is waited for. */
export async function requireSchema(store: Store, patience?: Patience): Promise<void> {
  const look = async () => {
    const state = await store.schema()
    // As in a failover, until the standby is promoted.
    if (state === 'read_only') throw new TakesNothing('the database is read-only; it must be the primary')
    if (state === 'full') throw new TakesNothing("the database's disk is full")
    return state
  }
  const state = await patiently(look, patience)
  if (state === 'current') return
  const what =
    state === 'missing'
      ? 'the database holds no tables of Belay'
      : 'the tables in the database are those of an older version'
  throw new SettingsError(
    `DATABASE_URL: ${what}; run npm run migrate (in containers: node dist/worker/migrate-main.js) first`,
  )
}

class TakesNothing extends SettingsError {
  constructor(what: string) {
    super(`DATABASE_URL: ${what}`)
  }
}

/**
 * Runs `work` until the store answers it and takes what it writes, for as long as `patience` lasts. Throws a SettingsError
 * that names DATABASE_URL where it is the store's fault, and what `work` throws otherwise.
 */
export async function patiently<Result>(work: () => Promise<Result>, patience: Patience | undefined): Promise<Result> {
  const until = performance.now() + (patience?.waitMs ?? 0)
  for (let loggedAt = -Infinity; ;) {
    try {
      return await work()
    } catch (error) {
      patience?.signal.throwIfAborted()
      const takesNothing = error instanceof TakesNothing
      if (!takesNothing && !(error instanceof StoreError)) throw error
      const reason = takesNothing ? error.message : reasonOf(error)
      if (patience === undefined || isFinal(error) || performance.now() > until) {
        if (takesNothing) throw error
        throw new SettingsError(`DATABASE_URL: the database does not answer (${reason})`, { cause: error })
      }
      if (performance.now() - loggedAt >= LINE_MS) {
        patience.log.warn(
          { reason },
          `the database ${takesNothing ? 'takes nothing' : 'does not answer'} yet; waiting for it`,
        )
        loggedAt = performance.now()
      }
      await delay(LOOK_MS, undefined, { signal: patience.signal })
    }
  }
}

/** What runs outside of a transaction has the server's timeouts by the role alone, where a pooler takes no options. */
async function warnOfEndless({ db }: Store, log: PoolOptions['log']): Promise<void> {
  const [row] = await query<{ timeout: string }>(db, sql`select current_setting('statement_timeout') as timeout`)
  if (row?.timeout === '0') {
    log?.warn("the store's role has no statement_timeout: ALTER ROLE ... SET statement_timeout = '15s'")
  }
}

/** What only an operator puts right: the user, the password, the database's name. */
const REASONS: Record<string, string> = {
  '28P01': 'it refuses the password',
  '28000': 'it refuses the user',
  '3D000': 'it has no database of that name',
  '42501': 'it does not let this user in, or at its tables',
  '08P01': 'it refuses how it is spoken to; a pooler such as PgBouncer needs BELAY_DATABASE_POOLED=true',
}

function isFinal(error: unknown): boolean {
  if (!(error instanceof StoreError)) return false
  if (error.fault === 'refused' || error.fault === 'failed') return true
  return error.sqlState !== undefined && error.sqlState in REASONS
}

function reasonOf({ sqlState, reason, message }: StoreError): string {
  if (sqlState !== undefined) return REASONS[sqlState] ?? `SQLSTATE ${sqlState}`
  return reason ?? message
}
