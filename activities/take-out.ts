import { cancelIn } from '../store/cancel.ts'
import { transaction, type Database } from '../store/database.ts'
import type { Outbox } from '../store/outbox.ts'
import { confirmSignals } from '../store/pending-signals.ts'
import { recipientKey } from '../store/recipient.ts'
import { findRun } from '../store/runs.ts'
import type { Range, TakeOutInput } from '../workflows/messages.ts'

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

export interface TakeOutDeps {
  db: Database
  outbox: Outbox
}

/** A cancel sent to the run by hand: takes the recipients out of the store, and answers which rows the run is to drop. */
export function createTakeOut({ db, outbox }: TakeOutDeps): (input: TakeOutInput) => Promise<{ rows: Range[] }> {
  return async ({ workflowId, request }) => {
    const run = await findRun(db, workflowId)
    const triggerId = request.workflow_run_id ?? null
    // Names no trigger of this run: nothing to take out, rather than everything.
    if (run === undefined || (triggerId !== null && !UUID.test(triggerId))) return { rows: [] }
    const key = { workflow: run.definitionKey, cancelationKey: run.cancelationKey }
    const cancel = {
      workflowId,
      recipients: request.recipients == null ? null : [...new Set(request.recipients.map(recipientKey))],
      workflowRunId: triggerId,
      archiveSent: false,
      apiKey: 'temporal',
      reason: request.reason ?? null,
      now: Date.now(),
    }
    return transaction(db, async (tx) => {
      const { signal } = await cancelIn(tx, key, cancel, outbox)
      if (signal === null) return { rows: [] }
      // The answer tells the run: no signal need follow. Lost with a crash, the next attempt finds nobody to take out,
      // the rows stay asleep in the run, and their claims are refused.
      await confirmSignals(tx, [{ signalId: signal.id }])
      return { rows: signal.message.rows }
    })
  }
}
