import type { Client } from '@temporalio/client'
import pLimit from 'p-limit'
import type { Logger } from 'pino'
import type { Database } from '../store/postgres/database.ts'
import { loadPendingSignals, triggerSignalPending, type PendingSignal } from '../store/signals/pending-signals.ts'
import type { StoreIdentity } from '../workflows/messages.ts'
import { bytesOf, merged, movesOf, SIGNAL_BYTES, takeBatch, type Waiting } from './batch.ts'
import { Confirmations } from './confirmations.ts'
import { isAway, isRefusal } from './refusals.ts'
import { ResendSchedule } from './resend-schedule.ts'
import { BULK_OPERATION } from '../workflows/messages.ts'
import { DEADLINE_MS, sendCancel, sendMoves, sendReload, sendTriggers } from './send.ts'
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

/** Calls under way to Temporal from this process: more at once only wait there, and take longer each. */
const CALLS = 50
/** Signals read from the store at once to be sent again. */
const PAGE = 100
/** Signals one pass of housekeeping sends again. */
const PASS = 5_000

/**
 * Tells runs what the store has decided. At most one signal is under way to a run from this process; what comes
 * meanwhile goes with the next (many at once jam a run). What fails stays in `pending_signals`, to be sent again: page by
 * page, ever more seldom while it goes on failing.
 */
export class Signaler {
  readonly #options: SignalerOptions
  readonly #queues = new Map<string, Waiting[]>()
  readonly #flushes = new Set<Promise<void>>()
  /** Ids this process could not send. */
  readonly #unsent = new Set<number>()
  readonly #confirmations: Confirmations
  readonly #calls = pLimit(CALLS)
  readonly #schedule: ResendSchedule
  #resending: Promise<void> | undefined
  #syncing: Promise<void> = Promise.resolve()

  constructor(options: SignalerOptions) {
    this.#options = options
    this.#confirmations = new Confirmations(options.db, options.log)
    this.#schedule = new ResendSchedule(options.log, () => this.resend())
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
      this.#unsent.add(signal.id)
      return
    }
    let timer: NodeJS.Timeout | undefined
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, DEADLINE_MS)
    })
    await Promise.race([this.#enqueue(signal), patience])
    clearTimeout(timer)
  }

  /** Sends again what this process could not, one page after the other. Who asks meanwhile waits for the same. */
  resend(): Promise<void> {
    this.#resending ??= this.#resendAll().finally(() => (this.#resending = undefined))
    return this.#resending
  }

  /** Sends what nobody has confirmed for so long, page by page, some thousands at most. Answers how many were taken. */
  async resendOlder(olderThanMs: number): Promise<number> {
    let taken = 0
    for (let after = 0, seen = 0; seen < PASS;) {
      const signals = await loadPendingSignals(this.#options.db, { after, olderThanMs, limit: PAGE })
      const last = signals.at(-1)
      if (last === undefined || this.#options.link.away) break
      seen += signals.length
      await Promise.all(signals.map((signal) => this.#enqueue(signal)))
      taken += signals.filter(({ id }) => !this.#unsent.has(id)).length
      after = last.id
    }
    return taken
  }

  /** Resolves when the store knows what was confirmed so far. */
  settled(): Promise<void> {
    return this.#confirmations.settled()
  }

  /** Waits for what is under way, and for its confirmation. */
  async close(): Promise<void> {
    this.#schedule.close()
    while (this.#flushes.size > 0) await Promise.all(this.#flushes)
    await this.#resending
    await this.#syncing
    await this.#confirmations.close()
  }

  async #resendAll(): Promise<void> {
    const ids = [...this.#unsent].sort((a, b) => a - b)
    while (ids.length > 0 && !this.#options.link.away) {
      const page = ids.slice(0, PAGE)
      const signals = await loadPendingSignals(this.#options.db, { only: page })
      // Fewer may have come than were asked for; those before them are confirmed, and if none came, all are.
      const last = signals.at(-1)?.id ?? Infinity
      const taken = page.filter((id) => id <= last)
      ids.splice(0, taken.length)
      for (const id of taken) this.#unsent.delete(id)
      await Promise.all(signals.map((signal) => this.#enqueue(signal)))
    }
    if (this.#unsent.size === 0) this.#schedule.succeeded()
  }

  #enqueue(signal: PendingSignal): Promise<void> {
    return new Promise((done) => {
      const queue = this.#queues.get(signal.workflowId)
      if (queue !== undefined) {
        queue.push({ signal, done })
        return
      }
      this.#queues.set(signal.workflowId, [{ signal, done }])
      const flush = this.#flush(signal.workflowId).finally(() => this.#flushes.delete(flush))
      this.#flushes.add(flush)
    })
  }

  async #flush(workflowId: string): Promise<void> {
    const queue = this.#queues.get(workflowId)!
    while (queue.length > 0) {
      await this.#calls(async () => {
        const batch = takeBatch(queue)
        await this.#deliver(batch.map(({ signal }) => signal))
        for (const { done } of batch) done()
      })
    }
    this.#queues.delete(workflowId)
  }

  /** What a server refuses for good is halved, and then told in the smallest way there is: the run reads the store. */
  async #deliver(signals: PendingSignal[]): Promise<void> {
    const [only] = signals
    if (only !== undefined && signals.length === 1 && bytesOf(only) > SIGNAL_BYTES) {
      await this.#tellToReload(only)
      return
    }
    try {
      await this.#sendAll(signals)
    } catch (error) {
      if (!isRefusal(error)) {
        this.#failed(signals, error)
        return
      }
      if (signals.length > 1) {
        const half = Math.ceil(signals.length / 2)
        await this.#deliver(signals.slice(0, half))
        await this.#deliver(signals.slice(half))
        return
      }
      await this.#tellToReload(signals[0]!, error)
    }
  }

  async #tellToReload(signal: PendingSignal, refusal?: unknown): Promise<void> {
    try {
      const temporalRunId = await sendReload(this.#options, signal)
      const which = signal.kind === 'trigger' ? { workflow_run_id: signal.message.workflowRunId } : {}
      this.#options.log.warn(
        { err: refusal, ...which, workflowId: signal.workflowId },
        'signal refused; its run reads the store instead',
      )
      const trigger = signal.kind === 'trigger' ? { trigger: { id: signal.triggerId, temporalRunId } } : {}
      this.#confirmations.add([{ signalId: signal.id, ...trigger }])
    } catch (error) {
      this.#failed([signal], error)
    }
  }

  #failed(signals: readonly PendingSignal[], error: unknown): void {
    if (isAway(error)) this.#options.link.failed(error)
    for (const { id } of signals) this.#unsent.add(id)
    this.#schedule.failed(signals.length, error)
  }

  async #sendAll(signals: readonly PendingSignal[]): Promise<void> {
    const [first] = signals
    if (first === undefined) return
    if (first.kind === 'trigger') {
      const triggers = signals.filter((signal) => signal.kind === 'trigger')
      const needed = triggers.map(({ message }) => message).filter((message) => message.sleepers.length > 0)
      const temporalRunId = needed.length === 0 ? '' : await sendTriggers(this.#options, first, needed, first.opens)
      this.#confirmations.add(
        triggers.map(({ id, triggerId }) => ({ signalId: id, trigger: { id: triggerId, temporalRunId } })),
      )
      return
    }
    const { workflowId } = first
    const outcome =
      first.kind === 'cancel'
        ? await sendCancel(this.#options, workflowId, merged(signals))
        : await sendMoves(this.#options, workflowId, movesOf(signals))
    // A run that is not open may not have been started yet: its trigger's signal is under way in another process.
    if (outcome === 'closed' && (await triggerSignalPending(this.#options.db, workflowId))) {
      for (const { id } of signals) this.#unsent.add(id)
      this.#schedule.again()
      return
    }
    this.#confirmations.add(signals.map(({ id }) => ({ signalId: id })))
  }
}
