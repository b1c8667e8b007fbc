import { sql } from 'drizzle-orm'
import { query, texts, type Database } from '../../store/postgres/database.ts'
import {
  confirmSignals,
  loadPendingSignals,
  triggerSignalPending,
  type PendingSignal,
} from '../../store/signals/pending-signals.ts'
import { isMove, isRemoved, isRunInput, isTriggers } from '../../workflows/readable.ts'
import type { RunInput } from '../../workflows/run-input.ts'
import type { TriggerMessage } from '../../workflows/signals.ts'
import type { StoreIdentity } from '../../workflows/store-identity.ts'
import { received } from './received.ts'
import { ModelRun } from './run.ts'

/** Signals between the store and the runs: as late, as often and in the order somebody wants, or lost. */
export class Signals {
  readonly underWay: PendingSignal[] = []
  readonly #db: Database
  readonly #store: StoreIdentity
  readonly #runs: Map<string, ModelRun>

  constructor(db: Database, store: StoreIdentity, runs: Map<string, ModelRun>) {
    this.#db = db
    this.#store = store
    this.#runs = runs
  }

  /** A signal arrives. `again`: and once more later, as if two processes had sent it. */
  async arrive(signal: PendingSignal, again: boolean): Promise<void> {
    if (!again) this.lose(signal)
    const { workflowId, id } = signal
    const open = this.#runs.get(workflowId)
    if (signal.kind === 'trigger') {
      this.#trigger(signal)
      await confirmSignals(this.#db, [{ signalId: id, trigger: { id: signal.triggerId, temporalRunId: workflowId } }])
      return
    }
    // Its run may not have been started yet: it stays pending in the store, to be sent again.
    if (open === undefined && (await triggerSignalPending(this.#db, workflowId))) return
    if (signal.kind === 'cancel') {
      const { removed } = received({ store: this.#store, ...signal.message }, isRemoved)
      open?.state.remove(removed)
    } else {
      const { sleepers } = received({ store: this.#store, sleepers: signal.groups }, isMove)
      for (const group of sleepers) open?.state.add(group)
    }
    await confirmSignals(this.#db, [{ signalId: id }])
  }

  #trigger(signal: PendingSignal & { kind: 'trigger' }): void {
    if (signal.message.sleepers.length === 0) return
    const { workflowId, opens } = signal
    const run = this.#runs.get(workflowId) ?? new ModelRun(workflowId, this.#store, opens)
    this.#runs.set(workflowId, run)
    for (const { workflowRunId, sleepers } of this.#told(signal)) {
      run.state.triggers.add(workflowRunId)
      for (const group of sleepers) run.state.add(group)
    }
  }

  /** As temporal/send.ts sends it: within the input of a run that it starts, or as a signal. */
  #told({ message, opens, definition, cancelationKey }: PendingSignal & { kind: 'trigger' }): TriggerMessage[] {
    const store = this.#store
    if (!opens) return received({ store, triggers: [message] }, isTriggers).triggers
    const input: RunInput = { store, definition, cancelationKey, triggers: [message] }
    return received(input, isRunInput).triggers ?? []
  }

  lose(signal: PendingSignal): void {
    this.underWay.splice(this.underWay.indexOf(signal), 1)
  }

  /** What nobody has confirmed, as it is now. */
  async unconfirmed(workflowIds: Iterable<string>): Promise<PendingSignal[]> {
    const found = await query<{ id: number }>(
      this.#db,
      sql`select s.id from pending_signals s join runs u on u.id = s.run_id
          where u.workflow_id = any(${texts([...workflowIds])}) order by s.id`,
    )
    return found.length === 0 ? [] : loadPendingSignals(this.#db, { only: found.map(({ id }) => id) })
  }
}
