import { sql, type SQL } from 'drizzle-orm'
import { drizzle as drizzlePg } from 'drizzle-orm/node-postgres'
import { PgDialect, type PgDatabase, type PgQueryResultHKT, type PgSession } from 'drizzle-orm/pg-core'
import { mkdirSync } from 'node:fs'
import pg from 'pg'
import type { StoreClient } from './client.ts'
import { DiskWatch } from './disk-watch.ts'
import { listenTo, type Listener } from './listener.ts'
import { migrateTables } from './migrate.ts'
import { throwStoreErrors } from './own-errors.ts'
import { pollFor } from './pooled.ts'
import { StorePool, transactionsOf, type PoolOptions } from './pool.ts'
import { migrationsFolder, schemaState, type SchemaState } from './schema-version.ts'
import { nameOf } from './statement.ts'
import { StoreError, toStoreError } from './store-error.ts'
import { leavingTurns } from './turns.ts'
import * as schema from '../schema/index.ts'

export type { PoolOptions } from './pool.ts'

export type Database = PgDatabase<PgQueryResultHKT, typeof schema>

export interface Store {
  readonly kind: 'postgres' | 'pglite'
  readonly db: Database
  /** Brings the tables up to date; safe to repeat, and to run in several processes at once. */
  migrate(): Promise<void>
  /** Rejects when the store does not answer, not when it is busy; likewise `schema`. */
  ping(): Promise<void>
  /** Whether it holds the tables of this version. Rejects when it does not answer. */
  schema(): Promise<SchemaState>
  /** Hears what pg_notify tells a channel, from any process of this store, until it is closed. */
  listen(channel: string, listener: Listener): Promise<{ close(): Promise<void> }>
  close(): Promise<void>
}

/** A probe on a connection that fell silent must not hold up the next one. */
const PROBE_MS = 4_000

// Row ids, counts and sums are within the safe integers by construction (row-id.ts).
pg.types.setTypeParser(pg.types.builtins.INT8, Number)

/** A store on Postgres. Connects when it is first asked; each connection has deadlines and an error listener. */
export function openPostgres(url: string, options: PoolOptions = {}): Store {
  const pool = new StorePool(url, options)
  const db = drizzlePg(pool, { schema })
  const disk = new DiskWatch()
  throwStoreErrors(db, { runTransaction: transactionsOf(pool, db), seen: (error) => disk.seen(error) })
  // A connection of its own: a busy pool is no store that is away.
  const probes = new StorePool(url, { statementMs: PROBE_MS, ...options, connections: 1 })
  const probe = drizzlePg(probes, { schema })
  throwStoreErrors(probe, { runTransaction: transactionsOf(probes, probe) })
  return {
    kind: 'postgres',
    db: db,
    async migrate() {
      const client = await pool.connect()
      try {
        ;(client as unknown as StoreClient).withoutDeadlines()
        await migrateTables(client, migrationsFolder)
      } finally {
        client.release(true)
      }
    },
    async schema() {
      const state = await schemaState(probe)
      return state === 'current' && (await disk.isFull(probe)) ? 'full' : state
    },
    listen(channel, listener) {
      const { pooled = false, listenUrl, log } = options
      const isDeaf = pooled && listenUrl === undefined
      return Promise.resolve(isDeaf ? pollFor(listener, log) : listenTo(listenUrl ?? url, channel, listener, log))
    },
    async ping() {
      await probe.execute(sql`select 1`)
    },
    async close() {
      await Promise.all([pool.close(), probes.close()])
    },
  }
}

/**
 * Postgres in this process. `folder` null: in memory, with what was in `dumped`, a data folder as PGlite dumps it. One process
 * a folder: the embedded start holds a lock on it.
 */
export async function openPglite(folder: string | null, dumped?: Blob): Promise<Store> {
  // Only here, since the image holds no PGlite (scripts/prune-image.mjs).
  const { PGlite } = await import('@electric-sql/pglite')
  const { drizzle: drizzlePglite } = await import('drizzle-orm/pglite')
  const { migrate: migratePglite } = await import('drizzle-orm/pglite/migrator')
  if (folder !== null) mkdirSync(folder, { recursive: true })
  const client = await PGlite.create(folder ?? 'memory://', dumped && { loadDataDir: dumped })
  client.execProtocolStream = leavingTurns(client.execProtocolStream.bind(client))
  const db = drizzlePglite(client, { schema })
  let known: SchemaState | undefined
  throwStoreErrors(db)
  return {
    kind: 'pglite',
    db: db as unknown as Database,
    async migrate() {
      await migratePglite(db, { migrationsFolder })
    },
    // It is never away, only busy: once its tables are there, nothing is asked that would wait behind other statements.
    async schema() {
      if (client.closed) throw new StoreError('unavailable', { reason: 'closed' })
      if (known !== 'current') known = await schemaState(db)
      return known
    },
    async listen(channel, listener) {
      // A store in the process that was closed tells nobody anything any more.
      if (client.closed) return { close: () => Promise.resolve() }
      const stop = await client.listen(channel, (payload) => listener.told(payload))
      return { close: () => (client.closed ? Promise.resolve() : stop()) }
    },
    async ping() {
      if (client.closed) throw new StoreError('unavailable', { reason: 'closed' })
      await client.waitReady
    },
    async close() {
      await client.close()
    },
  }
}

const dialect = new PgDialect()

/** Runs one statement and returns its rows as they come: int8 as number, timestamps as text. Throws a StoreError. */
export async function query<Row>(db: Database, statement: SQL): Promise<Row[]> {
  const given = nameOf(statement)
  try {
    const result: unknown = await (given?.isPrepared === true
      ? (db._.session as unknown as PgSession)
          .prepareQuery(dialect.sqlToQuery(statement), undefined, given.name, false)
          .execute()
      : db.execute(statement))
    return (result as { rows: Row[] }).rows
  } catch (error) {
    throw given === undefined ? error : toStoreError(error, given.name)
  }
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
      if (attempt >= 5 || !(error instanceof StoreError) || error.fault !== 'conflict') throw error
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
