import { setTimeout as wait } from 'node:timers/promises'
import pg from 'pg'
import { startPostgres } from '../../testing/servers/postgres-server.ts'
import type { Bench } from '../bench.ts'

export interface BenchPostgres {
  url: string
  /** For the bench's own reading. */
  pool: pg.Pool
  /** Vacuums and writes a checkpoint: what one measurement left to do falls into none of the next. */
  rest(): Promise<void>
}

/**
 * A Postgres that keeps what it committed (fsync on, as Redis beside it has appendfsync always), and notes when each
 * transaction did: lateness is read from that, not from anybody's own word.
 */
export async function benchPostgres(bench: Bench): Promise<BenchPostgres> {
  const durable = ['fsync=on', 'full_page_writes=on', 'synchronous_commit=on']
  const server = await startPostgres([
    ...durable,
    'track_commit_timestamp=on',
    'max_wal_size=4GB',
    'shared_buffers=512MB',
  ])
  bench.after(() => server.stop())
  const pool = new pg.Pool({ connectionString: server.url, max: 4 })
  // A connection that has ended may not have closed yet when its server stops, and hears of it.
  pool.on('error', () => undefined)
  bench.after(() => pool.end())
  return {
    url: server.url,
    pool,
    async rest() {
      await pool.query('vacuum analyze')
      await pool.query('checkpoint')
    },
  }
}

/** Longer than what is measured most often takes. */
const LOOK_MS = 2_000

/** When the rows of a table were committed, epoch milliseconds, in order. `where` is SQL of ours. */
export async function commitTimes(pool: pg.Pool, table: string, where = 'true'): Promise<number[]> {
  const { rows } = await pool.query<{ ms: number }>(
    `select extract(epoch from pg_xact_commit_timestamp(xmin))::float8 * 1000 as ms from ${table} where ${where} order by 1`,
  )
  return rows.map(({ ms }) => ms)
}

/**
 * Waits for all messages to recipients named after the key; answers when the last was committed, epoch milliseconds. Looks
 * seldom: the commits keep their times, and each look reads the table, on the cores that are being measured.
 */
export async function allCommitted(
  { pool }: BenchPostgres,
  key: string,
  count: number,
  withinMs: number,
): Promise<number> {
  const where = `recipient like '${key.replaceAll('_', '\\_')}\\_%'`
  for (const deadline = Date.now() + withinMs; Date.now() < deadline;) {
    await wait(LOOK_MS)
    const { rows } = await pool.query<{ n: number }>(`select count(*)::int as n from messages where ${where}`)
    if (rows[0]!.n === count) return (await commitTimes(pool, 'messages', where)).at(-1)!
  }
  throw new Error(`not all ${count} messages of ${key} after ${withinMs / 1_000} s`)
}
