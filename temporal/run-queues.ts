import type { PendingSignal } from '../store/signals/pending-signals.ts'
import { takeBatch, type Waiting } from './batch.ts'
import { CallLimit, type CallEnd } from './call-limit.ts'

/**
 * What waits to be sent to runs: at most one call to a run is under way from this process, and what comes meanwhile goes with
 * the next, since many at once jam a run. All calls share one limit, which narrows while Temporal is busy.
 */
export class RunQueues {
  readonly #deliver: (signals: PendingSignal[]) => Promise<CallEnd>
  readonly #queues = new Map<string, Waiting[]>()
  readonly #flushes = new Set<Promise<void>>()
  readonly #calls = new CallLimit()

  /** `deliver` sends what goes to one run, and never rejects. */
  constructor(deliver: (signals: PendingSignal[]) => Promise<CallEnd>) {
    this.#deliver = deliver
  }

  /** Some call was answered lately. */
  get isAnswering(): boolean {
    return this.#calls.isAnswering
  }

  /** Resolves when it was delivered, or was not. */
  add(signal: PendingSignal): Promise<void> {
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

  /** Resolves when nothing waits any more. */
  async settled(): Promise<void> {
    while (this.#flushes.size > 0) await Promise.all(this.#flushes)
  }

  async #flush(workflowId: string): Promise<void> {
    const queue = this.#queues.get(workflowId)!
    while (queue.length > 0) {
      await this.#calls.run(async () => {
        const batch = takeBatch(queue)
        const end = await this.#deliver(batch.map(({ signal }) => signal))
        for (const { done } of batch) done()
        return end
      })
    }
    this.#queues.delete(workflowId)
  }
}
