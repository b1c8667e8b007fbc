import { sql } from 'drizzle-orm'
import { at, query, type Database } from '../postgres/database.ts'
import { noOutbox, recordEvents } from '../../events/outbox.ts'
import { isPendingRow } from '../recipient-runs/pending.ts'
import { prepared } from '../postgres/statement.ts'
import { isRowOf, rowId } from '../ids/row-id.ts'
import {
  acceptedTrigger,
  triggerRows,
  workflowIdFor,
  type Acceptance,
  type AcceptedTrigger,
  type WrittenTrigger,
} from './trigger-rows.ts'
import { workflowIdOf } from '../ids/workflow-id.ts'

export interface LockedRun {
  id: number
  workflowId: string
  generation: number
  /** No fewer recipients are pending in the generation. */
  recipients: number
  /** The newest trigger with somebody pending under the key, which another joins; null if nobody is. */
  pendingTrigger: string | null
}

/** Takes the key's row, the first lock of everybody who joins or cancels, and tells whether somebody is pending. */
export async function lockRun(
  tx: Database,
  definitionKey: string,
  cancelationKey: string,
  now: number,
): Promise<LockedRun> {
  const workflowId = workflowIdOf(definitionKey, { cancelationKey })
  const [run] = await query<Omit<LockedRun, 'workflowId' | 'pendingTrigger'> & { fresh: boolean }>(
    tx,
    prepared(
      'lock_run',
      sql`insert into runs (workflow_id, definition_key, cancelation_key, created_at)
        values (${workflowId}, ${definitionKey}, ${cancelationKey}, ${at(now)})
        on conflict (workflow_id) do update set workflow_id = excluded.workflow_id
        returning id, generation, recipients, (xmax = 0) as fresh`,
    ),
  )
  const { fresh, ...row } = run!
  const { id, generation } = row
  return { ...row, workflowId, pendingTrigger: fresh ? null : await newestPending(tx, id, generation) }
}

/** Newest first: who joined last is the likeliest to be pending. */
async function newestPending(tx: Database, runId: number, generation: number): Promise<string | null> {
  const [found] = await query<{ id: string }>(
    tx,
    sql`select t.workflow_run_id as id from triggers t
        cross join lateral (
          select 1 from recipient_runs r
          where ${isRowOf('r.id', 't.id')} and ${isPendingRow} limit 1
        ) open
        where t.run_id = ${runId} and t.generation = ${generation} and t.next_due is not null
        order by t.id desc limit 1`,
  )
  return found?.id ?? null
}

/** Counts who is pending in a run whose row is locked, and keeps it. Takes some seconds for a million. */
export async function countRecipients(tx: Database, run: LockedRun): Promise<number> {
  const [counted] = await query<{ recipients: number }>(
    tx,
    sql`update runs set recipients = (
          select count(*) from triggers t join recipient_runs r on ${isRowOf('r.id', 't.id')} and ${isPendingRow}
          where t.run_id = ${run.id} and t.generation = ${run.generation} and t.next_due is not null)
        where id = ${run.id} returning recipients`,
  )
  return counted!.recipients
}

/**
 * Writes an accepted trigger under `run`, the locked row of its key, or, without a key, under a run of its own. Unless it
 * `joins` who is pending there, a generation begins.
 */
export async function insertTrigger(
  tx: Database,
  run: LockedRun | null,
  accepted: Acceptance,
  joins: boolean,
  outbox = noOutbox,
): Promise<AcceptedTrigger> {
  const generation = run === null ? 1 : joins ? run.generation : run.generation + 1
  const owner =
    run === null
      ? sql`insert into runs (workflow_id, definition_key, created_at)
            values (${workflowIdFor(accepted)}, ${accepted.version.definition.key}, ${at(accepted.acceptedAt)}) returning id`
      : sql`update runs set generation = ${generation},
              recipients = ${accepted.recipients.length} + case when ${joins} then recipients else 0 end
            where id = ${run.id} returning id`
  const [written] = await query<WrittenTrigger>(
    tx,
    sql`with run as (${owner}), ${triggerRows(accepted, generation, sql`from run`)}`,
  )
  const trigger = acceptedTrigger(accepted, written!)
  await recordEvents(tx, outbox, accepted.acceptedAt, () =>
    accepted.recipients.map((_, place) => ({
      type: 'workflow_recipient_run.started',
      recipientRunId: rowId(trigger.triggerId, place),
    })),
  )
  return trigger
}

/** Of a trigger just written of which nobody is left: its run is told nothing of it, and nothing of it is due. */
export async function forgetTrigger(tx: Database, { triggerId, signalId }: AcceptedTrigger): Promise<void> {
  await tx.execute(
    sql`with told as (delete from pending_signals where id = ${signalId})
        update triggers set next_due = null where id = ${triggerId}`,
  )
}
