import { sql, type SQL } from 'drizzle-orm'
import { drizzle as drizzlePg } from 'drizzle-orm/node-postgres'
import { migrate as migratePg } from 'drizzle-orm/node-postgres/migrator'
import type { PgDatabase, PgQueryResultHKT } from 'drizzle-orm/pg-core'
import { drizzle as drizzlePglite } from 'drizzle-orm/pglite'
import { migrate as migratePglite } from 'drizzle-orm/pglite/migrator'
import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { PreparingClient } from './prepared.ts'
import * as schema from '../schema/index.ts'

export type Database = PgDatabase<PgQueryResultHKT, typeof schema>

export interface Store {
  readonly kind: 'postgres' | 'pglite'
  readonly db: Database
  /** Brings the tables up to date; safe to repeat, and to run in several processes at once. */
  migrate(): Promise<void>
  /** Rejects when the store does not answer. */
  ping(): Promise<void>
  close(): Promise<void>
}

const migrationsFolder = fileURLToPath(new URL('../migrations', import.meta.url))
const MIGRATION_LOCK = 4_227_001

// Row ids, counts and sums are within the safe integers by construction (row-id.ts).
pg.types.setTypeParser(pg.types.builtins.INT8, Number)

export interface PostgresOptions {
  /** Connections in this process's pool. */
  connections?: number
  /** Told when an idle connection breaks; the pool replaces it. */
  onError?: (error: Error) => void
}

export function openPostgres(url: string, options: PostgresOptions = {}): Store {
  const pool = new pg.Pool({
    connectionString: url,
    Client: PreparingClient,
    max: options.connections ?? 20,
    // For a connection of the pool, too: a burst may wait a little for one.
    connectionTimeoutMillis: 5_000,
    // A statement that waits longer than this has lost; the caller is answered 503 and nothing is half done. Statements
    // this short are done before they would be compiled.
    options: '-c statement_timeout=15000 -c lock_timeout=10000 -c idle_in_transaction_session_timeout=20000 -c jit=off',
  })
  pool.on('error', (error) => options.onError?.(error))
  const db = drizzlePg(pool, { schema })
  return {
    kind: 'postgres',
    db: db,
    async migrate() {
      const client = await pool.connect()
      try {
        await client.query('set statement_timeout = 0')
        await client.query('set lock_timeout = 0')
        await client.query('select pg_advisory_lock($1)', [MIGRATION_LOCK])
        await migratePg(drizzlePg(client), { migrationsFolder })
      } finally {
        client.release(true)
      }
    },
    async ping() {
      await pool.query('select 1')
    },
    async close() {
      await pool.end()
    },
  }
}

/** Postgres in this process. `folder` null: in memory. One process a folder: the embedded start holds a lock on it. */
export async function openPglite(folder: string | null): Promise<Store> {
  const { PGlite } = await import('@electric-sql/pglite')
  if (folder !== null) mkdirSync(folder, { recursive: true })
  const client = await PGlite.create(folder ?? 'memory://')
  const db = drizzlePglite(client, { schema })
  return {
    kind: 'pglite',
    db: db as unknown as Database,
    async migrate() {
      await migratePglite(db, { migrationsFolder })
    },
    async ping() {
      await client.query('select 1')
    },
    async close() {
      await client.close()
    },
  }
}

/** Runs one statement and returns its rows as they come: int8 as number, timestamps as text. */
export async function query<Row>(db: Database, statement: SQL): Promise<Row[]> {
  const result: unknown = await db.execute(statement)
  return (result as { rows: Row[] }).rows
}

const RETRIED = new Set(['40P01', '40001'])

/** The SQLSTATE of a failed statement, through Drizzle's wrapping; undefined if it is not the database's own answer. */
export function sqlState(error: unknown): string | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const { code } = cause as Error & { code?: unknown }
    if (typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code)) return code
  }
  return undefined
}

/** What a transaction under way has left for after its commit. */
const commitHooks = new WeakMap<Database, (() => void)[]>()

/** One transaction; rows are locked in order everywhere, and what deadlocks or fails to serialise all the same is run again. */
export async function transaction<Result>(db: Database, work: (tx: Database) => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    const hooks: (() => void)[] = []
    try {
      const result = await db.transaction((raw) => {
        const tx = raw as unknown as Database
        commitHooks.set(tx, hooks)
        return work(tx)
      })
      for (const hook of hooks) hook()
      return result
    } catch (error) {
      if (attempt >= 5 || !RETRIED.has(sqlState(error) ?? '')) throw error
    }
  }
}

/** Runs `hook` once the transaction has committed, and never if it did not. It must not throw. */
export function onCommit(tx: Database, hook: () => void): void {
  const hooks = commitHooks.get(tx)
  if (hooks === undefined) throw new TypeError('onCommit needs what transaction() hands out')
  hooks.push(hook)
}

/** Any JSON as one parameter. */
export function json(value: unknown): SQL {
  return sql`${JSON.stringify(value)}::text::jsonb`
}

/** Row ids as one array parameter. */
export function ids(values: readonly number[]): SQL {
  return sql`${sql.param(`{${values.join(',')}}`)}::bigint[]`
}

/** Texts as one array parameter, in their order. */
export function texts(values: readonly string[]): SQL {
  return sql`array(select value from jsonb_array_elements_text(${json(values)}) with ordinality order by ordinality)`
}

/** Epoch milliseconds as a timestamptz. */
export function at(epochMs: number): SQL {
  return sql`${new Date(epochMs).toISOString()}::timestamptz`
}
