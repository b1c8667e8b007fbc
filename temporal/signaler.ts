import type { Client } from '@temporalio/client'
import type { Logger } from 'pino'
import type { Database } from '../store/postgres/database.ts'
import { loadPendingSignals, takePendingSignals, type PendingSignal } from '../store/signals/pending-signals.ts'
import { BULK_OPERATION } from '../workflows/names.ts'
import type { StoreIdentity } from '../workflows/store-identity.ts'
import { endOf, type CallEnd } from './call-limit.ts'
import { Confirmations } from './confirmations.ts'
import { isAway } from './refusals.ts'
import { ResendSchedule } from './resend-schedule.ts'
import { RunQueues } from './run-queues.ts'
import { DEADLINE_MS } from './send.ts'
import { SignalDelivery } from './signal-delivery.ts'
import { syncSchedules } from './sync-schedules.ts'
import type { TemporalLink } from './temporal-link.ts'

export interface SignalerOptions {
  client: Client
  taskQueue: string
  db: Database
  store: StoreIdentity
  link: Pick<TemporalLink, 'away' | 'failed'>
  log: Logger
}

/** Signals taken from the store at once to be sent again. */
const PAGE = 200
/** What a process has taken is left to it for so long: a page at a server that takes ten a second. */
const LEASE_MS = 30_000
/** One pass of housekeeping sends so many signals again, for so long. */
const PASS = 20_000
const PASS_MS = 60_000

/**
 * Tells runs what the store has decided. What fails stays in `pending_signals`, to be sent again: page by page, fewer at once
 * while Temporal is busy, ever more seldom while nothing is taken.
 */
export class Signaler {
  readonly #options: SignalerOptions
  readonly #queues: RunQueues
  /** Ids this process could not send, and whether it has tried: others leave those to it. */
  readonly #unsent = new Map<number, boolean>()
  readonly #confirmations: Confirmations
  readonly #schedule: ResendSchedule
  #resending: Promise<void> | undefined
  #syncing: Promise<void> = Promise.resolve()

  constructor(options: SignalerOptions) {
    this.#options = options
    this.#confirmations = new Confirmations(options.db, options.log)
    this.#schedule = new ResendSchedule(options.log, () => this.resend())
    const delivery = new SignalDelivery({
      ...options,
      confirmations: this.#confirmations,
      failed: (signals, error) => this.#failed(signals, error),
      tooEarly: (signals) => {
        this.#keepUnsent(signals)
        this.#schedule.again()
      },
    })
    this.#queues = new RunQueues((signals) => delivery.deliver(signals))
  }

  /** Starts a bulk operation; while Temporal is away housekeeping will. Never rejects. */
  async startBulk(id: string): Promise<void> {
    const { client, taskQueue, link, log } = this.#options
    if (link.away) return
    try {
      await client.connection.withDeadline(Date.now() + DEADLINE_MS, () =>
        client.workflow.start(BULK_OPERATION, {
          workflowId: `belay-bulk/${id}`,
          taskQueue,
          args: [id],
          workflowIdConflictPolicy: 'USE_EXISTING',
        }),
      )
    } catch (error) {
      log.warn({ err: error, bulkOperation: id }, 'bulk operation not started; housekeeping will')
    }
  }

  /** Tells Temporal of schedules as the store has them; while it is away housekeeping will. Never rejects. */
  syncSchedules(): Promise<void> {
    const { link, log } = this.#options
    // One after the other, and each reads what there is when its turn comes.
    this.#syncing = this.#syncing.then(async () => {
      if (link.away) return
      await syncSchedules(this.#options, Date.now()).catch((error: unknown) => {
        log.warn({ err: error }, 'schedules not told to Temporal; housekeeping will')
      })
    })
    return this.#syncing
  }

  /** Resolves when Temporal has it, after 2 s, or at once while Temporal is away. Never rejects: the store has it. */
  async send(signal: PendingSignal): Promise<void> {
    if (this.#options.link.away) {
      this.#unsent.set(signal.id, false)
      return
    }
    let timer: NodeJS.Timeout | undefined
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, DEADLINE_MS)
    })
    await Promise.race([this.#queues.add(signal), patience])
    clearTimeout(timer)
  }

  /** Sends again what this process could not, one page after the other. Who asks meanwhile waits for the same. */
  resend(): Promise<void> {
    this.#resending ??= this.#resendAll().finally(() => (this.#resending = undefined))
    return this.#resending
  }

  /**
   * Sends what nobody has confirmed for so long, page by page, for a minute at most; not what another process has taken to
   * send within `leaseMs`. Answers how many Temporal has taken.
   */
  async resendOlder(olderThanMs: number, leaseMs = LEASE_MS): Promise<number> {
    const since = performance.now()
    let [tried, sent] = [0, 0]
    while (tried < PASS && performance.now() - since < PASS_MS && !this.#options.link.away) {
      const page = await takePendingSignals(this.#options.db, {
        olderThanMs,
        leaseMs: Math.max(leaseMs, performance.now() - since),
        limit: PAGE,
      })
      if (page.length === 0) break
      await this.#sendTaken(page)
      tried += page.length
      sent += page.filter((id) => !this.#unsent.has(id)).length
    }
    return sent
  }

  /** Resolves when the store knows what was confirmed so far. */
  settled(): Promise<void> {
    return this.#confirmations.settled()
  }

  /** Waits for what is under way, and for its confirmation. */
  async close(): Promise<void> {
    this.#schedule.close()
    await this.#queues.settled()
    await this.#resending
    await this.#syncing
    await this.#confirmations.close()
  }

  async #resendAll(): Promise<void> {
    const ids = [...this.#unsent.keys()].sort((a, b) => a - b)
    while (ids.length > 0 && !this.#options.link.away) {
      const only = ids.splice(0, PAGE)
      const mine = only.filter((id) => this.#unsent.get(id) === true)
      const which = { only, mine, olderThanMs: 0, leaseMs: LEASE_MS, limit: PAGE }
      const page = await takePendingSignals(this.#options.db, which)
      // The others are confirmed, or another process is at them.
      for (const id of only) this.#unsent.delete(id)
      await this.#sendTaken(page)
      if (page.some((id) => !this.#unsent.has(id))) this.#schedule.succeeded()
    }
    if (this.#unsent.size === 0) this.#schedule.succeeded()
    else if (!this.#options.link.away) this.#schedule.again()
  }

  async #sendTaken(page: readonly number[]): Promise<void> {
    // Fewer may come than were asked for; those before the last are confirmed, and if none comes, all are.
    for (let left = [...page]; left.length > 0;) {
      const signals = await loadPendingSignals(this.#options.db, { only: left })
      const last = signals.at(-1)?.id ?? Infinity
      left = left.filter((id) => id > last)
      await Promise.all(signals.map((signal) => this.#queues.add(signal)))
    }
  }

  #failed(signals: readonly PendingSignal[], error: unknown): CallEnd {
    const end = endOf(error)
    if (isAway(error) && !(end === 'busy' && this.#queues.isAnswering)) this.#options.link.failed(error)
    this.#keepUnsent(signals)
    this.#schedule.failed(signals.length, error)
    return end
  }

  #keepUnsent(signals: readonly PendingSignal[]): void {
    for (const { id } of signals) this.#unsent.set(id, true)
  }
}
