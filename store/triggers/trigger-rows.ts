import { sql, type SQL } from 'drizzle-orm'
import type { DefinitionVersion } from '../../definitions/definition.ts'
import { lastSendOf } from '../../definitions/definition.ts'
import type { TriggerMessage } from '../../workflows/messages.ts'
import { at, json } from '../postgres/database.ts'
import { rowAt, rowId } from '../ids/row-id.ts'
import type { JsonObject } from '../schema/index.ts'
import { sleepersOf } from '../recipient-runs/sleepers.ts'
import { workflowIdOf } from '../ids/workflow-id.ts'

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

export interface AcceptedTrigger {
  triggerId: number
  workflowId: string
  signalId: number
  message: TriggerMessage
}

export interface WrittenTrigger {
  trigger_id: number
  signal_id: number
}

export function workflowIdFor({ version, cancelationKey, workflowRunId }: Acceptance): string {
  return workflowIdOf(version.definition.key, cancelationKey === null ? { workflowRunId } : { cancelationKey })
}

/**
 * What follows `with run as (...),` to write a trigger, its recipients' rows and the signal to send, in one statement.
 * `from` names the run, and may hold a condition: without a run nothing is written, and no row comes back.
 */
export function triggerRows(accepted: Acceptance, generation: number, from: SQL): SQL {
  const { version, recipients } = accepted
  const acceptedAt = at(accepted.acceptedAt)
  const rows = recipients.map(({ key, step, due, triggerData }, p) => ({ p, r: key, s: step, d: due, t: triggerData }))
  return sql`trigger as (
      insert into triggers (workflow_run_id, run_id, generation, definition_hash, actor, tenant, data, skip_delay,
        sandbox_mode, last_send, recipient_count, api_key, accepted_at)
      select ${accepted.workflowRunId}, run.id, ${generation}, ${version.hash}, ${accepted.actor}, ${accepted.tenant},
        ${json(accepted.data)}, ${accepted.skipDelay}, ${accepted.sandboxMode}, ${lastSendOf(version.definition)},
        ${recipients.length}, ${accepted.apiKey}, ${acceptedAt}
      ${from} returning id, run_id
    ),
    recipients as (
      insert into recipient_runs (id, recipient, step, due, trigger_data, updated_at)
      select ${rowAt('(select id from trigger)', 'x.p')}, x.r, x.s, to_timestamp(x.d / 1000.0),
        case when jsonb_typeof(x.t) = 'object' then x.t end, ${acceptedAt}
      from jsonb_to_recordset(${json(rows)}) as x(p bigint, r text, s smallint, d bigint, t jsonb)
      where exists (select from trigger)
    ),
    signal as (
      insert into pending_signals (run_id, kind, trigger_id) select run_id, 'trigger', id from trigger returning id
    )
    select trigger.id as trigger_id, signal.id as signal_id from trigger, signal`
}

/** A trigger as its run is told of it. */
export function acceptedTrigger(accepted: Acceptance, written: WrittenTrigger): AcceptedTrigger {
  const { version, workflowRunId, recipients } = accepted
  const { trigger_id: triggerId, signal_id: signalId } = written
  const sleepers = sleepersOf(
    recipients.map(({ key, step, due }, place) => ({
      id: rowId(triggerId, place),
      recipient: key,
      step: version.definition.steps[step]!.ref,
      due,
      revision: 1,
    })),
  )
  return { triggerId, workflowId: workflowIdFor(accepted), signalId, message: { workflowRunId, sleepers } }
}
