import { sql } from 'drizzle-orm'
import type { DefinitionVersion } from '../definitions/definition.ts'
import { lastSendOf } from '../definitions/definition.ts'
import type { TriggerMessage } from '../workflows/messages.ts'
import { at, json, query, type Database } from './database.ts'
import { silent, tell } from './outbox.ts'
import { rowId } from './row-id.ts'
import type { JsonObject } from './schema.ts'
import { sleepersOf } from './sleepers.ts'
import { workflowIdOf } from './workflow-id.ts'

export interface AcceptedRecipient {
  /** As recipient.ts writes one. */
  key: string
  triggerData: JsonObject | null
  /** Index of the step to carry out at `due`, epoch milliseconds. */
  step: number
  due: number
}

export interface Acceptance {
  version: DefinitionVersion
  workflowRunId: string
  cancelationKey: string | null
  recipients: AcceptedRecipient[]
  actor: string | null
  tenant: string | null
  data: JsonObject
  skipDelay: boolean
  sandboxMode: boolean
  apiKey: string
  /** Epoch milliseconds. */
  acceptedAt: number
}

export interface LockedRun {
  id: number
  workflowId: string
  generation: number
  /** The newest trigger with somebody pending under the key, which another joins; null if nobody is. */
  pendingTrigger: string | null
}

export interface AcceptedTrigger {
  triggerId: number
  workflowId: string
  signalId: number
  message: TriggerMessage
}

/** Takes the key's row, the first lock of everybody who joins or cancels, and tells whether somebody is pending. */
export async function lockRun(tx: Database, definitionKey: string, cancelationKey: string): Promise<LockedRun> {
  const workflowId = workflowIdOf(definitionKey, { cancelationKey })
  const [run] = await query<{ id: number; generation: number; fresh: boolean }>(
    tx,
    sql`insert into runs (workflow_id, definition_key, cancelation_key)
        values (${workflowId}, ${definitionKey}, ${cancelationKey})
        on conflict (workflow_id) do update set workflow_id = excluded.workflow_id
        returning id, generation, (xmax = 0) as fresh`,
  )
  const { id, generation, fresh } = run!
  return { id, workflowId, generation, pendingTrigger: fresh ? null : await newestPending(tx, id, generation) }
}

/** Newest first: who joined last is the likeliest to be pending. Who is canceled while claimed is not: nothing more comes. */
async function newestPending(tx: Database, runId: number, generation: number): Promise<string | null> {
  const [found] = await query<{ id: string }>(
    tx,
    sql`select t.workflow_run_id as id from triggers t
        cross join lateral (
          select 1 from recipient_runs r
          where r.id between t.id * 16384 and t.id * 16384 + 16383 and r.status in ('waiting', 'claimed')
            and r.cancel_id is null limit 1
        ) open
        where t.run_id = ${runId} and t.generation = ${generation}
        order by t.id desc limit 1`,
  )
  return found?.id ?? null
}

/**
 * Writes an accepted trigger: its row, its recipients' rows and the signal to send, in one statement. `run` is the
 * locked row of its key, or null for a trigger without one; unless it `joins` who is pending there, a generation begins.
 */
export async function insertTrigger(
  tx: Database,
  run: LockedRun | null,
  accepted: Acceptance,
  joins: boolean,
  outbox = silent,
): Promise<AcceptedTrigger> {
  const { version, workflowRunId, recipients } = accepted
  const acceptedAt = at(accepted.acceptedAt)
  const workflowId = run?.workflowId ?? workflowIdOf(version.definition.key, { workflowRunId })
  const generation = run === null ? 1 : joins ? run.generation : run.generation + 1
  const owner =
    run === null
      ? sql`insert into runs (workflow_id, definition_key) values (${workflowId}, ${version.definition.key}) returning id`
      : sql`update runs set generation = ${generation} where id = ${run.id} returning id`
  const rows = recipients.map(({ key, step, due, triggerData }, p) => ({ p, r: key, s: step, d: due, t: triggerData }))
  const [written] = await query<{ trigger_id: number; signal_id: number }>(
    tx,
    sql`with run as (${owner}),
        trigger as (
          insert into triggers (workflow_run_id, run_id, generation, definition_hash, actor, tenant, data, skip_delay,
            sandbox_mode, last_send, recipient_count, api_key, accepted_at)
          select ${workflowRunId}, run.id, ${generation}, ${version.hash}, ${accepted.actor}, ${accepted.tenant},
            ${json(accepted.data)}, ${accepted.skipDelay}, ${accepted.sandboxMode}, ${lastSendOf(version.definition)},
            ${recipients.length}, ${accepted.apiKey}, ${acceptedAt}
          from run returning id, run_id
        ),
        recipients as (
          insert into recipient_runs (id, recipient, step, due, trigger_data, updated_at)
          select (select id from trigger) * 16384 + x.p, x.r, x.s, to_timestamp(x.d / 1000.0),
            case when jsonb_typeof(x.t) = 'object' then x.t end, ${acceptedAt}
          from jsonb_to_recordset(${json(rows)}) as x(p bigint, r text, s smallint, d bigint, t jsonb)
        ),
        signal as (
          insert into pending_signals (run_id, kind, trigger_id) select run_id, 'trigger', id from trigger returning id
        )
        select trigger.id as trigger_id, signal.id as signal_id from trigger, signal`,
  )
  const { trigger_id: triggerId, signal_id: signalId } = written!
  await tell(tx, outbox, accepted.acceptedAt, () =>
    recipients.map((_, place) => ({
      type: 'workflow_recipient_run.started',
      recipientRunId: rowId(triggerId, place),
    })),
  )
  const sleepers = sleepersOf(
    recipients.map(({ key, step, due }, place) => ({
      id: rowId(triggerId, place),
      recipient: key,
      step: version.definition.steps[step]!.ref,
      due,
      revision: 1,
    })),
  )
  return { triggerId, workflowId, signalId, message: { workflowRunId, sleepers } }
}
