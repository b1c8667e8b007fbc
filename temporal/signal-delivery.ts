import type { Client } from '@temporalio/client'
import type { Logger } from 'pino'
import type { Database } from '../store/postgres/database.ts'
import { triggerSignalPending, type PendingSignal } from '../store/signals/pending-signals.ts'
import type { StoreIdentity } from '../workflows/store-identity.ts'
import { bytesOf, merged, movesOf, SIGNAL_BYTES } from './batch.ts'
import type { CallEnd } from './call-limit.ts'
import type { Confirmations } from './confirmations.ts'
import { isRefusal } from './refusals.ts'
import { sendCancel, sendMoves, sendReload, sendTriggers } from './send.ts'

export interface DeliveryDeps {
  client: Client
  taskQueue: string
  db: Database
  store: StoreIdentity
  log: Logger
  confirmations: Confirmations
  /** Temporal did not take them. */
  failed: (signals: readonly PendingSignal[], error: unknown) => CallEnd
  /** Their run is not open yet: they are to be sent again. */
  tooEarly: (signals: readonly PendingSignal[]) => void
}

/** Signals of one run and one kind, as Temporal takes them. */
export class SignalDelivery {
  readonly #deps: DeliveryDeps

  constructor(deps: DeliveryDeps) {
    this.#deps = deps
  }

  /**
   * What a server refuses for good is halved, and then said in the smallest way there is: the run reads the store. Never
   * rejects.
   */
  async deliver(signals: PendingSignal[]): Promise<CallEnd> {
    const [only] = signals
    if (only !== undefined && signals.length === 1 && bytesOf(only) > SIGNAL_BYTES) return this.#reload(only)
    try {
      return await this.#send(signals)
    } catch (error) {
      if (!isRefusal(error)) return this.#deps.failed(signals, error)
      if (signals.length === 1) return this.#reload(signals[0]!, error)
      const half = Math.ceil(signals.length / 2)
      await this.deliver(signals.slice(0, half))
      return this.deliver(signals.slice(half))
    }
  }

  async #reload(signal: PendingSignal, refusal?: unknown): Promise<CallEnd> {
    const { log, confirmations, failed } = this.#deps
    try {
      const temporalRunId = await sendReload(this.#deps, signal)
      const which = signal.kind === 'trigger' ? { workflow_run_id: signal.message.workflowRunId } : {}
      log.warn(
        { err: refusal, ...which, workflowId: signal.workflowId },
        'signal refused; its run reads the store instead',
      )
      const trigger = signal.kind === 'trigger' ? { trigger: { id: signal.triggerId, temporalRunId } } : {}
      confirmations.add([{ signalId: signal.id, ...trigger }])
      return 'answered'
    } catch (error) {
      return failed([signal], error)
    }
  }

  async #send(signals: readonly PendingSignal[]): Promise<CallEnd> {
    const { db, confirmations, tooEarly } = this.#deps
    const [first] = signals
    if (first === undefined) return 'not called'
    if (first.kind === 'trigger') {
      const triggers = signals.filter((signal) => signal.kind === 'trigger')
      const needed = triggers.map(({ message }) => message).filter((message) => message.sleepers.length > 0)
      const temporalRunId = needed.length === 0 ? '' : await sendTriggers(this.#deps, first, needed, first.opens)
      confirmations.add(
        triggers.map(({ id, triggerId }) => ({ signalId: id, trigger: { id: triggerId, temporalRunId } })),
      )
      return needed.length === 0 ? 'not called' : 'answered'
    }
    const { workflowId } = first
    const outcome =
      first.kind === 'cancel'
        ? await sendCancel(this.#deps, workflowId, merged(signals))
        : await sendMoves(this.#deps, workflowId, movesOf(signals))
    // A run that is not open may not have been started yet: its trigger's signal is under way in another process.
    if (outcome === 'closed' && (await triggerSignalPending(db, workflowId))) tooEarly(signals)
    else confirmations.add(signals.map(({ id }) => ({ signalId: id })))
    return 'answered'
  }
}
