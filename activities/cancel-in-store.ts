import type { Logger } from 'pino'
import type { Outbox } from '../events/outbox.ts'
import { keysOf } from '../engine/cancel.ts'
import { transaction, type Database } from '../store/postgres/database.ts'
import { cancelIn } from '../store/recipient-runs/cancel.ts'
import { lanesOf, type LaneRows } from '../store/recipient-runs/lane-rows.ts'
import { lockRecipientRuns } from '../store/recipient-runs/lock-recipient-runs.ts'
import { findRun } from '../store/runs/runs.ts'
import { confirmSignals } from '../store/signals/pending-signals.ts'
import type { CancelInput } from '../workflows/run-activities.ts'
import type { StoreIdentity } from '../workflows/store-identity.ts'
import { assertOwnStore, callingRun } from './chunk.ts'
import { neverPasses } from './in-parts.ts'

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

export interface CancelInStoreDeps {
  db: Database
  store: StoreIdentity
  now: () => number
  outbox: Outbox
  log: Logger
}

/**
 * A cancel sent to the run by hand: takes the recipients out of the store, and answers what the run is to drop: all that
 * is canceled by now, so that an attempt after a lost answer tells the same. A request that the store can never carry out
 * is dropped with a warning.
 */
export function createCancelInStore(deps: CancelInStoreDeps): (input: CancelInput) => Promise<{ removed: LaneRows[] }> {
  return async (input) => {
    assertOwnStore(input.store, deps.store)
    try {
      return await cancelInStore(deps, input)
    } catch (error) {
      if (!neverPasses(error)) throw error
      deps.log.warn({ err: error, workflowId: callingRun() }, 'a cancel by hand was dropped: it cannot be carried out')
      return { removed: [] }
    }
  }
}

async function cancelInStore(
  { db, now, outbox }: CancelInStoreDeps,
  { request, upTo }: CancelInput,
): Promise<{ removed: LaneRows[] }> {
  const workflowId = callingRun()
  const run = await findRun(db, workflowId)
  const triggerId = request.workflow_run_id ?? null
  // Names no trigger of this run: nothing to take out, rather than everything.
  if (run === undefined || (triggerId !== null && !UUID.test(triggerId))) return { removed: [] }
  const key = { workflow: run.definitionKey, cancelationKey: run.cancelationKey }
  const cancel = {
    workflowId,
    recipients: await keysOf(db, request.recipients),
    workflowRunIds: triggerId === null ? null : [triggerId],
    upTo,
    archiveSent: false,
    apiKey: 'temporal',
    reason: request.reason ?? null,
    now: now(),
  }
  return transaction(db, async (tx) => {
    const { signal } = await cancelIn(tx, key, cancel, outbox)
    // The answer tells the run: no signal need follow.
    if (signal !== null) await confirmSignals(tx, [{ signalId: signal.id }])
    const rows = await lockRecipientRuns(tx, cancel)
    const canceled = rows.filter(({ status }) => status === 'canceled')
    const takenBack = rows.flatMap(({ messages }) => messages.filter(({ state }) => state === 'taken_back'))
    return { removed: lanesOf(canceled, takenBack) }
  })
}
