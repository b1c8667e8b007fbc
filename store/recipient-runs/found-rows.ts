import { sql, type SQL } from 'drizzle-orm'
import { ids, query, texts, type Database } from '../postgres/database.ts'
import { loadDefinitions } from '../catalog/definitions.ts'
import { rowAt, rowIdsOf, triggerOf } from '../ids/row-id.ts'

/** Which rows of a run are addressed. */
export interface Which {
  workflowId: string
  /** As recipient.ts writes them; null for everyone. */
  recipients: string[] | null
  /** Only these triggers; null for the key's current or last generation. */
  workflowRunIds: string[] | null
  /** Only rows up to this id. */
  upTo?: number
}

/** A recipient run as it was found, locked. */
export interface FoundRow {
  id: number
  runId: number
  recipient: string
  status: 'waiting' | 'claimed' | 'ended' | 'canceled'
  revision: number
  /** Ref of the step to come, in delivery, or last. */
  step: string
  /** The step is the last that sends. */
  last: boolean
  /** Held by a delay or a backoff, rather than ready to be handed out. */
  sleeps: boolean
  /** Canceled while claimed. */
  canceling: boolean
  /** Messages that reached the recipient. */
  sent: number
  reason: string | null
  workflowRunId: string
  acceptedAt: Date
}

interface Row extends Omit<FoundRow, 'acceptedAt' | 'step' | 'sleeps'> {
  acceptedMs: number
  step: number
  attempt: number
  skipDelay: boolean
  definitionHash: string
}

/** Locks the key's row, then the rows addressed in the order of their ids, and reads them as they are then. */
export async function findRows(tx: Database, which: Which): Promise<FoundRow[]> {
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
    sql`select r.id, t.run_id as "runId", r.recipient, r.status, r.revision, r.step, r.step >= t.last_send as last,
          r.attempt, r.cancel_id is not null as canceling, r.sent, r.reason, t.workflow_run_id as "workflowRunId",
          t.skip_delay as "skipDelay", t.definition_hash as "definitionHash",
          (extract(epoch from t.accepted_at) * 1000)::float8 as "acceptedMs"
        from recipient_runs r cross join lateral (select * from triggers t where t.id = ${triggerOf('r.id')} offset 0) t
        where ${addressed} and ${ours} and ${which.upTo === undefined ? sql`true` : sql`r.id <= ${which.upTo}`}
        order by r.id for update of r`,
  )
  return withSteps(tx, rows)
}

/** The recipients' rows between the first of these triggers and the last; others' lie among them. */
function named(recipients: string[], triggers: SQL): SQL {
  return sql`r.recipient = any(${texts(recipients)})
    and r.id >= (select ${rowAt('min(t.id)', '0')} from triggers t where ${triggers})
    and r.id < (select ${rowAt('(max(t.id) + 1)', '0')} from triggers t where ${triggers})`
}

async function withSteps(tx: Database, rows: Row[]): Promise<FoundRow[]> {
  const definitions = await loadDefinitions(tx, [...new Set(rows.map((row) => row.definitionHash))])
  return rows.map(({ acceptedMs, step, attempt, skipDelay, definitionHash, ...row }) => {
    const { steps } = definitions.get(definitionHash)!.definition
    const delayed = !skipDelay && steps[step - 1]?.type === 'delay'
    return {
      ...row,
      step: steps[step]!.ref,
      // At the step after a delay, which may be another one. A first delay still to be planned is planned at once.
      sleeps: row.status === 'waiting' && (attempt > 0 || delayed),
      acceptedAt: new Date(Math.round(acceptedMs)),
    }
  })
}

/** The steps of which a message reached them, by row. */
export async function stepsSent(tx: Database, rows: FoundRow[]): Promise<Map<number, number[]>> {
  const steps = new Map<number, number[]>()
  const reached = rows.filter((row) => row.sent > 0).map((row) => row.id)
  if (reached.length === 0) return steps
  const found = await query<{ id: number; step: number }>(
    tx,
    sql`select recipient_run_id as id, step from messages
        where recipient_run_id = any(${ids(reached)}) and status in ('sent', 'delivered', 'delivery_attempted', 'bounced')
        order by recipient_run_id, step`,
  )
  for (const { id, step } of found) steps.set(id, [...(steps.get(id) ?? []), step])
  return steps
}
