import { sql, type SQL } from 'drizzle-orm'
import { kindOf } from '../../steps/registry.ts'
import { mayStillAct } from '../../steps/reach.ts'
import { loadDefinitions } from '../catalog/definitions.ts'
import { rowAt, rowIdsOf, triggerOf } from '../ids/row-id.ts'
import { lockMessages, type LockedMessage } from '../messages/lock-messages.ts'
import { query, texts, type Database } from '../postgres/database.ts'
import type { Lane } from '../../workflows/messages.ts'
import { rowLane } from './row-lane.ts'

/** Which rows of a run are addressed. */
export interface Which {
  workflowId: string
  /** As ids/recipient.ts writes them; null for everyone. */
  recipients: string[] | null
  /** Only these triggers; null for the key's current or last generation. */
  workflowRunIds: string[] | null
  /** Only rows up to this id. */
  upTo?: number
}

/** A recipient run as it was found, locked, with those of its messages that are unsettled or reached the recipient. */
export interface LockedRow {
  id: number
  runId: number
  recipient: string
  status: 'waiting' | 'claimed' | 'ended' | 'canceled'
  revision: number
  /** Ref of the step it stands in, or that was last. */
  step: string
  /** Held by a delay, rather than ready to be walked on or waiting for something else. */
  sleeps: boolean
  /** Where it sleeps in its run. */
  lane: Lane
  /** Something is still to come after the step it stands in. */
  mayStillAct: boolean
  /** Has a cancel mark of its own. */
  canceling: boolean
  reason: string | null
  workflowRunId: string
  acceptedAt: Date
  messages: LockedMessage[]
}

interface Row extends Omit<LockedRow, 'acceptedAt' | 'step' | 'sleeps' | 'lane' | 'mayStillAct' | 'messages'> {
  acceptedMs: number
  step: number
  phase: 'enter' | 'wait'
  due: string | null
  definitionHash: string
}

/**
 * Locks the key's row, then the rows addressed in the order of their ids, then their messages, and reads them as they are
 * then: what a verdict says of them holds until the transaction ends.
 */
export async function lockRecipientRuns(tx: Database, which: Which): Promise<LockedRow[]> {
  const [run] = await query<{ id: number; generation: number }>(
    tx,
    sql`select id, generation from runs where workflow_id = ${which.workflowId} for update`,
  )
  if (run === undefined) return []
  const triggers =
    which.workflowRunIds === null
      ? sql`t.generation = ${run.generation}`
      : sql`t.workflow_run_id = any(${texts(which.workflowRunIds)}::uuid[])`
  const ours = sql`t.run_id = ${run.id} and ${triggers}`
  const addressed = which.recipients === null ? sql`r.id = any(${rowIdsOf(ours)})` : named(which.recipients, ours)
  // Each row's trigger by its id, whatever the planner thinks of the run: a key may have been joined 50,000 times.
  const rows = await query<Row>(
    tx,
    sql`select r.id, t.run_id as "runId", r.recipient, r.status, r.revision, r.step, r.phase, r.due::text as due,
          r.cancel_id is not null as canceling, ${reasonNow} as reason, t.workflow_run_id as "workflowRunId",
          coalesce(r.definition_hash, t.definition_hash) as "definitionHash",
          (extract(epoch from t.accepted_at) * 1000)::float8 as "acceptedMs"
        from recipient_runs r cross join lateral (select * from triggers t where t.id = ${triggerOf('r.id')} offset 0) t
        where ${addressed} and ${ours} and ${which.upTo === undefined ? sql`true` : sql`r.id <= ${which.upTo}`}
        order by r.id for update of r`,
  )
  const messages = await lockMessages(
    tx,
    rows.map(({ id }) => id),
  )
  return describe(tx, rows, messages)
}

/** Why it failed, or, of one that is over, why its last message did not arrive. */
const reasonNow = sql`coalesce(r.reason, case when r.status = 'ended' then (
  select m.reason from messages m where m.recipient_run_id = r.id and m.status in ('undelivered', 'not_sent')
    and m.cancel_id is null order by m.number desc limit 1) end)`

/** The recipients' rows between the first of these triggers and the last; others' lie among them. */
function named(recipients: string[], triggers: SQL): SQL {
  return sql`r.recipient = any(${texts(recipients)})
    and r.id >= (select ${rowAt('min(t.id)', '0')} from triggers t where ${triggers})
    and r.id < (select ${rowAt('(max(t.id) + 1)', '0')} from triggers t where ${triggers})`
}

async function describe(tx: Database, rows: Row[], messages: Map<number, LockedMessage[]>): Promise<LockedRow[]> {
  const definitions = await loadDefinitions(tx, [...new Set(rows.map((row) => row.definitionHash))])
  return rows.map(({ acceptedMs, step: index, phase, due, definitionHash, ...row }) => {
    const { definition } = definitions.get(definitionHash)!
    const step = definition.steps[index]!
    const after = kindOf(step.type).targets(step)
    return {
      ...row,
      step: step.ref,
      sleeps: row.status === 'waiting' && phase === 'wait' && due !== null && step.type === 'delay',
      lane: rowLane(step.type, phase),
      mayStillAct: after.some((target) => mayStillAct(definition, target)),
      acceptedAt: new Date(Math.round(acceptedMs)),
      messages: messages.get(row.id) ?? [],
    }
  })
}
