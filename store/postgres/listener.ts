import type { Logger } from 'pino'
import { setTimeout as delay } from 'node:timers/promises'
import { StoreClient } from './client.ts'

/** Who listens to a channel. Neither may throw. */
export interface Listener {
  told(payload: string): void
  /** The connection was away: what was told meanwhile is not known. */
  missed(): void
}

const FIRST_WAIT_MS = 100
const LONGEST_WAIT_MS = 5_000
/** A host that vanished sends no reset: it is asked. */
const ASK_MS = 10_000
const ANSWER_MS = 5_000

/**
 * Listens to a channel of Postgres on a connection of its own, and connects anew when that ends. Resolves at once: while
 * the store is away nothing is told, and `missed` is once it is back.
 */
export function listenTo(
  url: string,
  channel: string,
  listener: Listener,
  log?: Pick<Logger, 'warn'>,
): { close(): Promise<void> } {
  const stop = new AbortController()
  const isStopped = () => stop.signal.aborted
  const stopped = run()
  return {
    async close() {
      stop.abort()
      await stopped
    },
  }

  async function run(): Promise<void> {
    let wait = FIRST_WAIT_MS
    for (let first = true; !isStopped(); first = false) {
      const begun = performance.now()
      try {
        await listenUntilEnd(first)
      } catch (error) {
        if (performance.now() - begun > LONGEST_WAIT_MS) wait = FIRST_WAIT_MS
        if (wait === FIRST_WAIT_MS && !isStopped()) log?.warn({ err: error }, 'the live feed listens to no store')
      }
      await delay(wait, undefined, { signal: stop.signal }).catch(() => undefined)
      wait = Math.min(2 * wait, LONGEST_WAIT_MS)
    }
  }

  /** Rejects once the connection has ended; resolves if it was closed here. */
  async function listenUntilEnd(first: boolean): Promise<void> {
    const client = new StoreClient({
      connectionString: url,
      statementMs: ANSWER_MS,
      connectionTimeoutMillis: ANSWER_MS,
    })
    const ended = new AbortController()
    client.once('end', () => ended.abort())
    client.on('notification', ({ payload }) => listener.told(payload ?? ''))
    const leave = () => void client.end().catch(() => undefined)
    stop.signal.addEventListener('abort', leave)
    try {
      await client.connect()
      await client.query(`listen "${channel}"`)
      if (!first) listener.missed()
      const later = () => delay(ASK_MS, true, { signal: ended.signal, ref: false }).catch(() => false)
      while (await later()) await client.query('select 1')
      if (!isStopped()) throw new Error('the connection has ended')
    } finally {
      stop.signal.removeEventListener('abort', leave)
      client.destroy()
    }
  }
}
