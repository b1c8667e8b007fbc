import { PgDialect } from 'drizzle-orm/pg-core'
import { NodePgSession, type NodePgDatabase } from 'drizzle-orm/node-postgres'
import pg from 'pg'
import type { Logger } from 'pino'
import { StoreClient, type Deadlines } from './client.ts'
import type { RunTransaction } from './own-errors.ts'
import { guardOptions, guardStatement, type Pooled } from './pooled.ts'
import { PoolBusyError } from './store-error.ts'

/** To a new connection, and to a free one: a burst may wait a little. */
const CONNECT_MS = 5_000
/** A connection nobody uses is closed: the name is resolved anew for the next. */
const IDLE_MS = 10_000
/** However busy a connection is, it moves to where the name points now. */
const LIFETIME_S = 600
/** What is under way when the pool is closed may take so long; then its connections are destroyed. */
const CLOSE_MS = 3_000
const BROKEN_LINE_MS = 10_000

export interface PoolOptions extends Partial<Deadlines>, Pooled {
  /** Connections in this process's pool. */
  connections?: number
  /** Told of connections that break, at most once in ten seconds. */
  log?: Pick<Logger, 'warn'>
}

type Connected = (
  error: Error | undefined,
  client: pg.PoolClient | undefined,
  release: (error?: unknown) => void,
) => void

/** Connections to one store. What waits too long for a free one gets a PoolBusyError. */
export class StorePool extends pg.Pool {
  readonly #max: number
  /** The connections are a pooler's; see pooled.ts. */
  readonly pooled: boolean
  readonly #open = new Set<StoreClient>()

  constructor(url: string, { connections = 20, log, pooled = false, listenUrl: _, ...deadlines }: PoolOptions) {
    super({
      connectionString: url,
      Client: StoreClient,
      max: connections,
      connectionTimeoutMillis: CONNECT_MS,
      idleTimeoutMillis: IDLE_MS,
      maxLifetimeSeconds: LIFETIME_S,
      ...(pooled ? { unnamed: true } : { options: guardOptions }),
      ...deadlines,
    })
    this.pooled = pooled
    this.#max = connections
    const broke = linesOfBroken(log)
    // Of an idle connection; its own listener has told of it.
    this.on('error', () => undefined)
    this.on('connect', (client) => {
      client.on('error', broke)
      this.#open.add(client as unknown as StoreClient)
    })
    this.on('remove', (client) => this.#open.delete(client as unknown as StoreClient))
    const connect = this.connect.bind(this) as (done?: Connected) => Promise<pg.PoolClient>
    const sorted = (done?: Connected) => {
      const waits = this.totalCount >= this.#max && this.idleCount === 0
      const why = (error: Error) => (waits && !('code' in error) ? new PoolBusyError('no free connection') : error)
      if (done === undefined) {
        return connect().catch((error: unknown) => {
          throw why(error as Error)
        })
      }
      return connect((error, client, release) => done(error === undefined ? error : why(error), client, release))
    }
    this.connect = sorted as typeof this.connect
  }

  /** Lets what is under way end, for three seconds. */
  async close(): Promise<void> {
    const timer = setTimeout(() => {
      for (const client of this.#open) client.destroy()
    }, CLOSE_MS)
    await this.end()
    clearTimeout(timer)
  }
}

/** A connection whose transaction did not begin, or did not end, is given back, too, and is not used again. */
export function transactionsOf(pool: StorePool, db: NodePgDatabase<Record<string, unknown>>): RunTransaction {
  const dialect = new PgDialect()
  const { fullSchema, schema = {}, tableNamesMap } = db._
  return () => async (work, config) => {
    const client = await pool.connect()
    try {
      const session = new NodePgSession(client, dialect, { fullSchema, schema, tableNamesMap })
      return await session.transaction(async (tx) => {
        if (pool.pooled) await client.query(guardStatement)
        return work(tx)
      }, config as never)
    } finally {
      client.release((client as unknown as StoreClient).isInTransaction)
    }
  }
}

/** The first at once, then how many, every ten seconds: a store that restarts breaks them all. */
function linesOfBroken(log: PoolOptions['log']): (error: Error) => void {
  let loggedAt = -Infinity
  let since = 0
  return (error) => {
    since += 1
    if (performance.now() - loggedAt < BROKEN_LINE_MS) return
    log?.warn(
      { reason: (error as NodeJS.ErrnoException).code ?? error.name, broken: since },
      'a store connection broke',
    )
    loggedAt = performance.now()
    since = 0
  }
}
