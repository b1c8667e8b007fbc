import { cancelIn } from '../store/recipient-runs/cancel.ts'
import { transaction, type Database } from '../store/postgres/database.ts'
import type { Outbox } from '../events/outbox.ts'
import { findRows } from '../store/recipient-runs/found-rows.ts'
import { confirmSignals } from '../store/signals/pending-signals.ts'
import { recipientKey } from '../store/ids/recipient.ts'
import { findRun } from '../store/runs/runs.ts'
import { toRanges, type Range, type TakeOutInput } from '../workflows/messages.ts'

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

export interface TakeOutDeps {
  db: Database
  outbox: Outbox
}

/**
 * A cancel sent to the run by hand: takes the recipients out of the store, and answers which rows the run is to drop: all
 * that are canceled by now, so that an attempt after a lost answer tells the same.
 */
export function createTakeOut({ db, outbox }: TakeOutDeps): (input: TakeOutInput) => Promise<{ rows: Range[] }> {
  return async ({ workflowId, request, upTo }) => {
    const run = await findRun(db, workflowId)
    const triggerId = request.workflow_run_id ?? null
    // Names no trigger of this run: nothing to take out, rather than everything.
    if (run === undefined || (triggerId !== null && !UUID.test(triggerId))) return { rows: [] }
    const key = { workflow: run.definitionKey, cancelationKey: run.cancelationKey }
    const cancel = {
      workflowId,
      recipients: request.recipients == null ? null : [...new Set(request.recipients.map(recipientKey))],
      workflowRunIds: triggerId === null ? null : [triggerId],
      upTo,
      archiveSent: false,
      apiKey: 'temporal',
      reason: request.reason ?? null,
      now: Date.now(),
    }
    return transaction(db, async (tx) => {
      const { signal } = await cancelIn(tx, key, cancel, outbox)
      // The answer tells the run: no signal need follow.
      if (signal !== null) await confirmSignals(tx, [{ signalId: signal.id }])
      const canceled = (await findRows(tx, cancel)).filter(({ status }) => status === 'canceled')
      return { rows: toRanges(canceled.map(({ id }) => id)) }
    })
  }
}
