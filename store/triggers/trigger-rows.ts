import { sql, type SQL } from 'drizzle-orm'
import type { DefinitionVersion } from '../../definitions/definition.ts'
import { RUN_LANE } from '../../workflows/lane-name.ts'
import type { TriggerMessage } from '../../workflows/signals.ts'
import { at, json } from '../postgres/database.ts'
import { rowAt, rowId } from '../ids/row-id.ts'
import type { Via } from '../profiles/fan-out.ts'
import type { JsonObject } from '../schema/index.ts'
import { sleepersOf } from '../recipient-runs/sleepers.ts'
import type { Cause } from './caused-by.ts'
import { workflowIdOf } from '../ids/workflow-id.ts'

export interface AcceptedRecipient {
  /** As recipient.ts writes one. */
  key: string
  /** How they came in; left out or null: they were named. */
  via?: Via | null
  triggerData: JsonObject | null
  /** Index of the step it begins in, and whether that has been entered; its wait is over, or it is entered, at `due`, epoch milliseconds. */
  step: number
  phase: 'enter' | 'wait'
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
  /** W3C's traceparent, where it is traced. */
  trace?: string | undefined
  /** The step that triggered it; absent: a caller did. */
  cause?: Cause | undefined
  /** The schedule whose occurrence it is; absent: none's. */
  scheduleId?: string | undefined
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

/** The workflow ID of the run that a trigger opens or joins. */
export function workflowIdFor({ version, cancelationKey, workflowRunId }: Acceptance): string {
  return workflowIdOf(version.definition.key, cancelationKey === null ? { workflowRunId } : { cancelationKey })
}

/**
 * What follows `with run as (...),` to write a trigger, its recipients' rows and the signal to send, in one statement.
 * `from` names the run, and may hold a condition: without a run nothing is written, and no row comes back.
 */
export function triggerRows(accepted: Acceptance, generation: number, from: SQL): SQL {
  const { version, recipients, cause } = accepted
  const acceptedAt = at(accepted.acceptedAt)
  const rows = recipients.map(({ key, step, phase, due, triggerData, via }, p) => {
    return { p, r: key, s: step, h: phase, d: due, t: triggerData, v: via ?? undefined }
  })
  const nextDue = at(recipients.reduce((least, { due }) => Math.min(least, due), Infinity))
  return sql`trigger as (
      insert into triggers (workflow_run_id, run_id, generation, definition_hash, actor, tenant, data, data_size, skip_delay,
        sandbox_mode, next_due, recipient_count, api_key, accepted_at, trace, caused_by_row, caused_by_step, depth,
        schedule_id)
      select ${accepted.workflowRunId}, run.id, ${generation}, ${version.hash}, ${accepted.actor}, ${accepted.tenant},
        ${json(accepted.data)}, ${JSON.stringify(accepted.data).length}, ${accepted.skipDelay}, ${accepted.sandboxMode}, ${nextDue},
        ${recipients.length}, ${accepted.apiKey}, ${acceptedAt}, ${accepted.trace ?? null}::text,
        ${cause?.row ?? null}::bigint, ${cause?.step ?? null}::smallint, ${cause?.depth ?? 0}, ${accepted.scheduleId ?? null}::uuid
      ${from} returning id, run_id
    ),
    recipients as (
      insert into recipient_runs (id, recipient, step, phase, entered_at, due, trigger_data, via, updated_at)
      select ${rowAt('(select id from trigger)', 'x.p')}, x.r, x.s, x.h::step_phase, ${acceptedAt}, to_timestamp(x.d / 1000.0),
        case when jsonb_typeof(x.t) = 'object' then x.t end, x.v, ${acceptedAt}
      from jsonb_to_recordset(${json(rows)}) as x(p bigint, r text, s smallint, h text, d bigint, t jsonb, v jsonb)
      where exists (select from trigger)
    ),
    signal as (
      insert into pending_signals (run_id, kind, trigger_id, created_at) select run_id, 'trigger', id, ${acceptedAt} from trigger
      returning id
    )
    select trigger.id as trigger_id, signal.id as signal_id from trigger, signal`
}

const nobody: ReadonlySet<number> = new Set()

/** A trigger as its run is told of it; rows that are `over` already are nothing to it. */
export function acceptedTrigger(accepted: Acceptance, written: WrittenTrigger, over = nobody): AcceptedTrigger {
  const { version, workflowRunId, recipients } = accepted
  const { trigger_id: triggerId, signal_id: signalId } = written
  const sleepers = sleepersOf(
    recipients.flatMap(({ key: recipient, step, due }, place) => {
      const id = rowId(triggerId, place)
      const asleep = { lane: RUN_LANE, id, recipient, step: version.definition.steps[step]!.ref, due, revision: 1 }
      return over.has(id) ? [] : [asleep]
    }),
  )
  return { triggerId, workflowId: workflowIdFor(accepted), signalId, message: { workflowRunId, sleepers } }
}
