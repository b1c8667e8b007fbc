import type { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import pg from 'pg'
import { StoreDeadlineError } from './store-error.ts'

/** Above the server's statement_timeout of 15 s: it is met only by a server, or a network, that is silent. */
const STATEMENT_MS = 18_000
/** From the first statement to the commit. The server ends a transaction that stands still for 20 s. */
const TRANSACTION_MS = 60_000
/** How long a connection that is closed may take to say goodbye. */
const END_MS = 2_000
/** The kernel asks a silent peer after this long, ten times in as many seconds. */
const KEEP_ALIVE_MS = 5_000

interface Wire extends EventEmitter {
  stream: Socket
}

export interface Unnamed {
  /** Statements lose their names: the next may be run by another server's connection, which does not know them. */
  unnamed?: boolean
}

export interface Deadlines {
  statementMs: number
  transactionMs: number
}

/**
 * A connection whose every statement and transaction ends in time: at its deadline the connection is destroyed, and what
 * was under way on it rejects. A host that vanished sends no reset, and the kernel would wait a quarter of an hour. It has
 * an error listener from its creation: a connection that breaks while nobody looks ends no process.
 */
export class StoreClient extends pg.Client {
  readonly #wire: Wire
  #deadlines: Deadlines | null
  #statement: NodeJS.Timeout | undefined
  #transaction: NodeJS.Timeout | undefined
  /** From `connect` until the server lets us in, or the connection has ended. */
  #isConnecting = false
  /** Statements sent or queued whose end the server has not told. */
  #pending = 0
  #status = 'I'

  constructor(config: pg.ClientConfig & Partial<Deadlines> & Unnamed = {}) {
    super({ ...config, keepAlive: true, keepAliveInitialDelayMillis: KEEP_ALIVE_MS })
    const { statementMs = STATEMENT_MS, transactionMs = TRANSACTION_MS } = config
    this.#deadlines = { statementMs, transactionMs }
    this.#wire = (this as unknown as { connection: Wire }).connection
    this.on('error', () => undefined)
    this.#wire.on('readyForQuery', ({ status }: { status: string }) => this.#ready(status))
    this.#wire.once('end', () => {
      this.#isConnecting = false
      this.#disarm()
    })
    const connect = this.connect.bind(this) as (...given: unknown[]) => unknown
    const connecting = (...given: unknown[]) => {
      this.#isConnecting = true
      return connect(...given)
    }
    this.connect = connecting as typeof this.connect
    const query = this.query.bind(this) as (...given: unknown[]) => unknown
    const timed = (...given: unknown[]) => {
      this.#pending += 1
      if (this.#pending === 1) this.#armStatement()
      return query(...(config.unnamed === true ? withoutName(given) : given))
    }
    this.query = timed as typeof this.query
    const end = this.end.bind(this) as (done?: () => void) => Promise<void>
    const bounded = (done?: () => void) => {
      if (this.#isConnecting) return this.#endWhileConnecting(done)
      const timer = setTimeout(() => this.#wire.stream.destroy(), END_MS).unref()
      this.#wire.once('end', () => clearTimeout(timer))
      return done === undefined ? end() : end(done)
    }
    this.end = bounded as typeof this.end
  }

  /** Whether the server has a transaction open for it: it must not be used by anybody else. */
  get isInTransaction(): boolean {
    return this.#status !== 'I'
  }

  /** Ends the connection without a word; what is under way on it rejects. */
  destroy(): void {
    this.#wire.stream.destroy()
  }

  /** For what may take hours: migrations. */
  withoutDeadlines(): void {
    this.#deadlines = null
    this.#disarm()
  }

  /** The server has ended a statement; the first time it has let us in. `I`: no transaction is open. */
  #ready(status: string): void {
    this.#pending = Math.max(0, this.#pending - 1)
    this.#status = status
    this.#isConnecting = false
    clearTimeout(this.#statement)
    if (this.#pending > 0) this.#armStatement()
    if (status === 'I') {
      clearTimeout(this.#transaction)
      this.#transaction = undefined
    } else if (this.#deadlines !== null) {
      this.#transaction ??= this.#destroyAfter(this.#deadlines.transactionMs, 'transaction')
    }
  }

  /** pg's own `end` would leave whoever awaits `connect` waiting for ever: destroyed without it, `connect` rejects. */
  async #endWhileConnecting(done?: () => void): Promise<void> {
    const ended = new Promise((resolve) => this.#wire.once('end', resolve))
    this.destroy()
    await ended
    done?.()
  }

  #armStatement(): void {
    clearTimeout(this.#statement)
    if (this.#deadlines !== null) this.#statement = this.#destroyAfter(this.#deadlines.statementMs, 'statement')
  }

  #destroyAfter(ms: number, what: string): NodeJS.Timeout {
    return setTimeout(() => {
      // A process that stood still hears first what has come meanwhile.
      setImmediate(() => setImmediate(() => this.#destroyUnless(what, ms)))
    }, ms).unref()
  }

  #destroyUnless(what: string, ms: number): void {
    const isOver = what === 'statement' ? this.#pending === 0 : this.#transaction === undefined
    if (!isOver && this.#deadlines !== null) {
      this.#wire.stream.destroy(new StoreDeadlineError(`no end of a ${what} within ${ms} ms`))
    }
  }

  #disarm(): void {
    clearTimeout(this.#statement)
    clearTimeout(this.#transaction)
  }
}

function withoutName([statement, ...rest]: unknown[]): unknown[] {
  const isNamed = typeof statement === 'object' && statement !== null && 'name' in statement && !('submit' in statement)
  return [isNamed ? { ...statement, name: undefined } : statement, ...rest]
}
