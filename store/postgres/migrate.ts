import { readMigrationFiles, type MigrationMeta } from 'drizzle-orm/migrator'
import type pg from 'pg'
import { setTimeout as wait } from 'node:timers/promises'
import { SettingsError } from '../../settings/settings.ts'
import { sqlState } from './store-error.ts'

const MIGRATION_LOCK = 4_227_001
/** Who waits for a lock makes all who come later wait behind it: so long at most. */
const LOCK_MS = 2_000
/** Between two tries everybody else gets their turn. */
const PAUSE_MS = 1_000
const PATIENCE_MS = 10 * 60_000
/** lock_not_available, deadlock_detected */
const AGAIN = ['55P03', '40P01']

/**
 * Brings the tables up to date while processes of the version before go on serving: each migration is a transaction of its
 * own, which waits for a lock for two seconds, then gives way and tries again, for ten minutes. Safe to repeat, and to run
 * in several processes at once, behind a pooler too: nothing of it lives in a session. The bookkeeping is Drizzle's. Throws
 * a SettingsError where the database refuses a statement: nothing is left of that migration then.
 */
export async function migrateTables(client: pg.ClientBase, migrationsFolder: string): Promise<void> {
  for (const migration of readMigrationFiles({ migrationsFolder })) {
    const until = performance.now() + PATIENCE_MS
    for (;;) {
      try {
        await inTransaction(client, () => carryOut(client, migration))
        break
      } catch (error) {
        if (!AGAIN.includes(sqlState(error) ?? '') || performance.now() > until) throw refusalOf(error)
        await wait(PAUSE_MS)
      }
    }
  }
}

/** As the operator reads it. What the database did not say, such as a connection that broke, is left as it is. */
function refusalOf(error: unknown): unknown {
  const state = sqlState(error)
  if (state === undefined) return error
  const said = `${(error as Error).message} (SQLSTATE ${state})`
  return new SettingsError(
    `DATABASE_URL: the tables could not be brought up to date: ${said}. Nothing is left of the migration that failed. ` +
      'Belay needs a database of its own, and a role that may make tables in it; mend that, and migrate again',
    { cause: error },
  )
}

async function carryOut(client: pg.ClientBase, { sql: statements, folderMillis, hash }: MigrationMeta): Promise<void> {
  const settings = 'statement_timeout = 0; set local idle_in_transaction_session_timeout = 0'
  // Another migration is waited for: it takes as long as it takes.
  await client.query(`set local lock_timeout = 0; set local ${settings}`)
  await client.query(`select pg_advisory_xact_lock(${MIGRATION_LOCK})`)
  await client.query(`set local lock_timeout = ${LOCK_MS}`)
  await client.query('create schema if not exists drizzle')
  await client.query(
    'create table if not exists drizzle.__drizzle_migrations (id serial primary key, hash text not null, created_at bigint)',
  )
  const { rows } = await client.query<{ latest: number | null }>(
    'select max(created_at)::float8 as latest from drizzle.__drizzle_migrations',
  )
  if ((rows[0]?.latest ?? -1) >= folderMillis) return
  for (const statement of statements) await client.query(statement)
  await client.query('insert into drizzle.__drizzle_migrations (hash, created_at) values ($1, $2)', [
    hash,
    folderMillis,
  ])
}

async function inTransaction(client: pg.ClientBase, work: () => Promise<void>): Promise<void> {
  await client.query('begin')
  try {
    await work()
    await client.query('commit')
  } catch (error) {
    await client.query('rollback')
    throw error
  }
}
