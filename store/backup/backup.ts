import { sql } from 'drizzle-orm'
import { leaveOutIds } from '../environment/store-mark.ts'
import { query, type Database } from '../postgres/database.ts'
import { readPage, tablesOf, writeRows, type Table } from './tables.ts'

/** The first line of a backup. */
interface Header {
  belayBackup: 1
  /** When it was made, ISO 8601. */
  at: string
  /** Of the newest migration the store had: a backup is restored by the version that made it. */
  migration: number
  tables: Pick<Table, 'name' | 'columns'>[]
  /** Where each sequence stands; null: nothing was taken from it. */
  sequences: { name: string; last: number | null }[]
}

/** Then rows, table by table. */
interface Rows {
  table: string
  rows: string[]
}

/** The last line: a backup without it was cut off. */
interface End {
  end: true
  rows: number
}

/** A backup that cannot be restored here; the message says why, and what to do. */
export class BackupError extends Error {}

/**
 * Hands all rows of a store to `write`, as lines of JSON of a few megabytes each: as they are at one instant, while others go
 * on reading and writing. Answers how many rows there were.
 */
export async function backup(db: Database, write: (line: string) => Promise<void>, now: number): Promise<number> {
  return db.transaction(
    async (raw) => {
      const tx = raw as unknown as Database
      await asText(tx)
      const tables = await tablesOf(tx)
      const header: Header = {
        belayBackup: 1,
        at: new Date(now).toISOString(),
        migration: await newestMigration(tx),
        tables: tables.map(({ name, columns }) => ({ name, columns })),
        sequences: await sequencesOf(tx),
      }
      await write(JSON.stringify(header))
      let count = 0
      for (const table of tables) {
        for (let after: string[] = []; ;) {
          const page = await readPage(tx, table, after)
          if (page === undefined) break
          await write(JSON.stringify({ table: table.name, rows: page.rows } satisfies Rows))
          count += page.rows.length
          after = page.last
        }
      }
      await write(JSON.stringify({ end: true, rows: count } satisfies End))
      return count
    },
    { isolationLevel: 'repeatable read', accessMode: 'read only' },
  )
}

/**
 * Puts a backup into a store whose tables are there and empty, or, with `replace`, in place of what they hold. All of it or
 * nothing. The store begins a new epoch: its runs read it again, and no id is given out twice. Throws a BackupError.
 */
export async function restore(db: Database, lines: AsyncIterable<string>, { replace = false } = {}): Promise<number> {
  const each = lines[Symbol.asyncIterator]()
  const next = async (): Promise<unknown> => {
    const line = await each.next()
    if (line.done === true) throw new BackupError('the backup is cut off: it has no end')
    return parse(line.value)
  }
  const header = await next()
  if (!isHeader(header)) throw new BackupError('this is no backup that npm run backup has made')
  // Not run again where it fails: the lines are read once.
  return db.transaction(async (raw) => {
    const tx = raw as unknown as Database
    await asText(tx)
    const tables = await tablesOf(tx)
    await requireSame(tx, header, tables)
    await makeEmpty(tx, tables, replace)
    const count = await writeAll(tx, next, new Set(tables.map(({ name }) => name)))
    for (const { name, last } of header.sequences) {
      if (last !== null) await query(tx, sql`select setval(${name}::text::regclass, ${last}::bigint)`)
    }
    await leaveOutIds(tx)
    await query(tx, sql`update environment set epoch = epoch + 1, counter = counter + 1, told_run = 0`)
    return count
  })
}

async function writeAll(tx: Database, next: () => Promise<unknown>, names: ReadonlySet<string>): Promise<number> {
  let count = 0
  for (;;) {
    const line = (await next()) as Partial<Rows> & Partial<End>
    if (line.end === true) {
      if (line.rows !== count)
        throw new BackupError(`the backup is damaged: ${count} of its ${line.rows} rows are in it`)
      return count
    }
    const { table, rows } = line
    if (table === undefined || rows === undefined || !names.has(table)) throw new BackupError('the backup is damaged')
    await writeRows(tx, table, rows)
    count += rows.length
  }
}

/** Instants and numbers are written, and read, exactly, whatever the session was set to. */
async function asText(tx: Database): Promise<void> {
  await query(
    tx,
    sql`select set_config('timezone', 'UTC', true), set_config('datestyle', 'ISO, YMD', true),
          set_config('intervalstyle', 'postgres', true), set_config('extra_float_digits', '1', true)`,
  )
}

async function newestMigration(tx: Database): Promise<number> {
  const found = await query<{ newest: number }>(
    tx,
    sql`select max(created_at)::float8 as newest from drizzle.__drizzle_migrations`,
  )
  return found[0]!.newest
}

function sequencesOf(tx: Database): Promise<Header['sequences']> {
  return query(
    tx,
    sql`select sequencename as name, last_value::float8 as last from pg_sequences
        where schemaname = current_schema() order by sequencename`,
  )
}

async function requireSame(tx: Database, header: Header, tables: readonly Table[]): Promise<void> {
  const migration = await newestMigration(tx)
  const shapes = (all: readonly Pick<Table, 'name' | 'columns'>[]) =>
    JSON.stringify(all.map(({ name, columns }) => [name, columns]))
  if (header.migration === migration && shapes(header.tables) === shapes(tables)) return
  throw new BackupError(
    `the backup was made by another version of Belay (its tables are of ${new Date(header.migration).toISOString()}, ` +
      `these of ${new Date(migration).toISOString()}): restore it with that version, and migrate then`,
  )
}

async function makeEmpty(tx: Database, tables: readonly Table[], replace: boolean): Promise<void> {
  if (replace) {
    const names = tables.map(({ name }) => sql.identifier(name))
    await query(tx, sql`truncate ${sql.join(names, sql`, `)}`)
    return
  }
  await query(tx, sql`delete from environment`)
  for (const { name } of tables) {
    const found = await query(tx, sql`select from ${sql.identifier(name)} limit 1`)
    if (found.length === 0) continue
    throw new BackupError(`the database is not empty: the table ${name} holds rows; --replace deletes all it holds`)
  }
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    throw new BackupError('the backup is damaged: a line of it is no JSON')
  }
}

function isHeader(line: unknown): line is Header {
  return typeof line === 'object' && line !== null && (line as Partial<Header>).belayBackup === 1
}
