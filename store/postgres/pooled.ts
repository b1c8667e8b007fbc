import type { Logger } from 'pino'
import type { Settings } from '../../settings/settings.ts'
import type { Listener } from './listener.ts'

/** What the server ends by itself; above these are the client's own deadlines (client.ts). */
const GUARDS = {
  // A statement that waits longer than this has lost; the caller is answered 503 and nothing is half done.
  statement_timeout: '15000',
  lock_timeout: '10000',
  idle_in_transaction_session_timeout: '20000',
  // Statements this short are done before they would be compiled.
  jit: 'off',
} as const

/** As a connection of our own takes them. A pooler in transaction mode takes none. */
export const guardOptions = Object.entries(GUARDS)
  .map(([name, value]) => `-c ${name}=${value}`)
  .join(' ')

/** As the first statement of a transaction has them. */
export const guardStatement = `select ${Object.entries(GUARDS)
  .map(([name, value]) => `set_config('${name}', '${value}', true)`)
  .join(', ')}`

const POLL_MS = 5_000

export interface Pooled {
  /**
   * The connections are those of a pooler in transaction mode, and nothing may be left in one: no options, no statements
   * with a name, no LISTEN, and the server's timeouts inside of transactions alone.
   */
  pooled?: boolean
  /** Where LISTEN is heard, past the pooler; undefined: what it would tell is asked for every five seconds. */
  listenUrl?: string | undefined
}

/** What the settings say of the connections to the store. */
export function pooledBy({
  BELAY_DATABASE_POOLED: pooled,
  BELAY_LISTEN_URL: listenUrl,
}: Pick<Settings, 'BELAY_DATABASE_POOLED' | 'BELAY_LISTEN_URL'>): Pooled {
  return { pooled, listenUrl }
}

/** Without LISTEN: every five seconds something may have been missed. */
export function pollFor(listener: Listener, log?: Pick<Logger, 'warn'>): { close(): Promise<void> } {
  log?.warn('BELAY_LISTEN_URL is not set: behind a pooler live feeds are up to five seconds late')
  const timer = setInterval(() => listener.missed(), POLL_MS).unref()
  return {
    close: () => {
      clearInterval(timer)
      return Promise.resolve()
    },
  }
}
