import { sql } from 'drizzle-orm'
import { query, texts, type Database } from '../../store/postgres/database.ts'
import {
  confirmSignals,
  loadPendingSignals,
  triggerSignalPending,
  type PendingSignal,
} from '../../store/signals/pending-signals.ts'
import type { StoreIdentity } from '../../workflows/store-identity.ts'
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
    if (signal.kind === 'cancel') open?.state.remove(signal.message.removed)
    else for (const group of signal.groups) open?.state.add(group)
    await confirmSignals(this.#db, [{ signalId: id }])
  }

  #trigger(signal: PendingSignal & { kind: 'trigger' }): void {
    const { sleepers, workflowRunId } = signal.message
    if (sleepers.length === 0) return
    const { workflowId, opens } = signal
    const run = this.#runs.get(workflowId) ?? new ModelRun(workflowId, this.#store, opens)
    this.#runs.set(workflowId, run)
    run.state.triggers.add(workflowRunId)
    for (const group of sleepers) run.state.add(group)
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
