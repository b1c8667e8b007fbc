import { isGrpcServiceError, type Client } from '@temporalio/client'
import type { Logger } from 'pino'
import type { Database } from '../store/postgres/database.ts'
import { loadPendingSignals, triggerSignalPending, type PendingSignal } from '../store/signals/pending-signals.ts'
import { merged, movesOf, takeBatch, type Waiting } from './batch.ts'
import { Confirmations } from './confirmations.ts'
import { DEADLINE_MS, sendCancel, sendMoves, sendTriggers } from './send.ts'
import type { TemporalLink } from './temporal-link.ts'

export interface SignalerOptions {
  client: Client
  taskQueue: string
  db: Database
  link: Pick<TemporalLink, 'away' | 'failed'>
  log: Logger
}

/**
 * Tells runs what the store has decided. At most one signal is under way to a run from this process; what comes
 * meanwhile goes with the next (many at once jam a run). What fails stays in `pending_signals`, to be sent again.
 */
export class Signaler {
  readonly #options: SignalerOptions
  readonly #queues = new Map<string, Waiting[]>()
  readonly #flushes = new Set<Promise<void>>()
  /** Ids this process could not send. */
  readonly #unsent = new Set<number>()
  readonly #confirmations: Confirmations

  constructor(options: SignalerOptions) {
    this.#options = options
    this.#confirmations = new Confirmations(options.db, options.log)
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

  /** Sends again what this process could not. */
  async resend(): Promise<void> {
    const ids = [...this.#unsent]
    for (let i = 0; i < ids.length; i += 500) await this.#sendAll(ids.slice(i, i + 500))
  }

  /** Sends whatever nobody has confirmed for so long. Answers how many. */
  async resendOlder(olderThanMs: number): Promise<number> {
    let sent = 0
    for (let after = 0; ;) {
      const signals = await loadPendingSignals(this.#options.db, { after, olderThanMs, limit: 500 })
      const last = signals.at(-1)
      if (last === undefined || this.#options.link.away) return sent
      await Promise.all(signals.map((signal) => this.#enqueue(signal)))
      sent += signals.length
      after = last.id
    }
  }

  /** Waits for what is under way, and for its confirmation. */
  async close(): Promise<void> {
    while (this.#flushes.size > 0) await Promise.all(this.#flushes)
    await this.#confirmations.close()
  }

  async #sendAll(ids: number[]): Promise<void> {
    const signals = await loadPendingSignals(this.#options.db, { only: ids })
    for (const id of ids) this.#unsent.delete(id)
    await Promise.all(signals.map((signal) => this.#enqueue(signal)))
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
      const batch = takeBatch(queue)
      try {
        await this.#deliver(
          workflowId,
          batch.map(({ signal }) => signal),
        )
      } catch (error) {
        if (isAway(error)) this.#options.link.failed(error)
        this.#options.log.warn(
          { err: error, workflowId, signals: batch.length },
          'signal not sent; it will be sent again',
        )
        for (const { signal } of batch) this.#unsent.add(signal.id)
      }
      for (const { done } of batch) done()
    }
    this.#queues.delete(workflowId)
  }

  async #deliver(workflowId: string, signals: PendingSignal[]): Promise<void> {
    const { client, taskQueue, db } = this.#options
    const [first] = signals
    if (first === undefined) return
    if (first.kind === 'trigger') {
      const triggers = signals.filter((signal) => signal.kind === 'trigger')
      const needed = triggers.map(({ message }) => message).filter((message) => message.sleepers.length > 0)
      const temporalRunId = needed.length === 0 ? '' : await sendTriggers(client, taskQueue, first, needed, first.opens)
      this.#confirmations.add(
        triggers.map(({ id, triggerId }) => ({ signalId: id, trigger: { id: triggerId, temporalRunId } })),
      )
      return
    }
    const outcome =
      first.kind === 'cancel'
        ? await sendCancel(client, workflowId, merged(signals))
        : await sendMoves(client, workflowId, movesOf(signals))
    // A run that is not open may not have been started yet: its trigger's signal is under way in another process.
    if (outcome === 'closed' && (await triggerSignalPending(db, workflowId))) {
      for (const { id } of signals) this.#unsent.add(id)
      return
    }
    this.#confirmations.add(signals.map(({ id }) => ({ signalId: id })))
  }
}

/** gRPC's CANCELLED, DEADLINE_EXCEEDED and UNAVAILABLE: Temporal was not reached. Anything else is about this signal. */
const AWAY = new Set([1, 4, 14])

function isAway(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (isGrpcServiceError(cause)) return AWAY.has(cause.code)
  }
  return false
}
