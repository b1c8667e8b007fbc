import { sql, type SQL } from 'drizzle-orm'
import { kindOf } from '../../steps/registry.ts'
import { mayStillAct } from '../../steps/reach.ts'
import { readBatches, takeBatchLocks, type LockedBatch } from '../batches/lock-batches.ts'
import { loadDefinitions } from '../catalog/definitions.ts'
import { recipientReference } from '../ids/recipient.ts'
import { rowAt, rowIdsOf, triggerOf } from '../ids/row-id.ts'
import { lockMessages, type LockedMessage } from '../messages/lock-messages.ts'
import { query, texts, type Database } from '../postgres/database.ts'
import { aliasesOf } from '../profiles/merged-users.ts'
import type { Lane } from '../../workflows/lane-name.ts'
import { lockWaiting, waitsForEndsOf } from '../waits/lock-waiting.ts'
import { rowLane } from './row-lane.ts'

/** Which rows of a run are addressed. */
export interface Which {
  workflowId: string
  /** As ids/recipient.ts writes them; null for everyone. */
  recipients: string[] | null
  /** Left out or false: with an object also those who came via it alone. */
  itselfOnly?: boolean
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
  /** Held for the time alone, by a delay, rather than ready to be walked on or waiting for something else. */
  sleeps: boolean
  /** Where it sleeps in its run. */
  lane: Lane
  /** Something is still to come after the step it stands in. */
  mayStillAct: boolean
  /**
   * What acts on the outside at this moment with its activity: its step, or, in a batch, the carrier's. `isLast`: nothing is
   * to come after it. Null: nothing does.
   */
  acting: { step: string; isLast: boolean } | null
  /** Has a cancel mark of its own. */
  canceling: boolean
  reason: string | null
  workflowRunId: string
  acceptedAt: Date
  /** The batch its activity is in, or was before a cancel. */
  batch: LockedBatch | null
  /** Those that contain its activity. */
  messages: LockedMessage[]
}

interface Row extends Omit<
  LockedRow,
  'acceptedAt' | 'step' | 'sleeps' | 'lane' | 'mayStillAct' | 'acting' | 'batch' | 'messages'
> {
  batchId: number | null
  /** The batch's revision from which on its activity is in it no more. */
  batchLeft: number | null
  acceptedMs: number
  step: number
  phase: 'enter' | 'wait'
  due: string | null
  definitionHash: string
}

/**
 * Locks the key's row, then the batches that rows addressed are in, these rows in the order of their ids, and their messages,
 * and reads them as they are then: what a verdict says of them holds until the transaction ends.
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
  // What was being written while they were merged still stands under the old id.
  const aliases = await aliasesOf(tx, which.recipients ?? [])
  const addressed = addressedRows(withAliases(which, aliases), ours)
  const known = await batchesOf(tx, addressed, ours)
  await takeBatchLocks(tx, known)
  // Each row's trigger by its id, whatever the planner thinks of the run: a key may have been joined 50,000 times.
  const rows = await query<Row>(
    tx,
    sql`select r.id, t.run_id as "runId", r.recipient, r.status, r.revision, r.step, r.phase, r.due::text as due,
          r.cancel_id is not null as canceling, r.batch_id as "batchId", r.batch_left as "batchLeft", ${reasonNow} as reason, t.workflow_run_id as "workflowRunId",
          coalesce(r.definition_hash, t.definition_hash) as "definitionHash",
          (extract(epoch from t.accepted_at) * 1000)::float8 as "acceptedMs"
        from recipient_runs r cross join lateral (select * from triggers t where t.id = ${triggerOf('r.id')} offset 0) t
        where ${addressed} and ${ours} and ${which.upTo === undefined ? sql`true` : sql`r.id <= ${which.upTo}`}
        order by r.id for update of r`,
  )
  const inside = [...new Set(rows.flatMap(({ batchId }) => batchId ?? []))]
  // Who joined in between; against the order, so that it may have to be tried again.
  await takeBatchLocks(
    tx,
    inside.filter((id) => !known.includes(id)),
  )
  const found = rows.map(({ id }) => id)
  const batches = await readBatches(tx, inside, found)
  // Rows before messages: those who wait for an end that a cancel makes.
  if (found.length > 0) await lockWaiting(tx, waitsForEndsOf(found))
  const carriers = [...batches.values()].flatMap(({ carrier, isClosed }) => (isClosed ? [carrier] : []))
  const messages = await lockMessages(tx, [...new Set([...found, ...carriers])])
  const meant = rows.map((row) => ({ ...row, recipient: aliases.get(row.recipient) ?? row.recipient }))
  return describe(tx, aliases.size === 0 ? rows : meant, batches, messages)
}

function withAliases(which: Which, aliases: ReadonlyMap<string, string>): Which {
  const { recipients } = which
  return recipients === null || aliases.size === 0
    ? which
    : { ...which, recipients: [...new Set([...recipients, ...aliases.keys()])] }
}

/** The batches that these rows are in, without a lock. Where no batch ever was, no row is looked at. */
async function batchesOf(tx: Database, addressed: SQL, ours: SQL): Promise<number[]> {
  const [found] = await query<{ batchIds: number[] | null }>(
    tx,
    sql`select case when exists (select from batches) then (
          select to_json(array_agg(distinct r.batch_id)) from recipient_runs r
            cross join lateral (select * from triggers t where t.id = ${triggerOf('r.id')} offset 0) t
          where r.batch_id is not null and ${addressed} and ${ours}) end as "batchIds"`,
  )
  return found?.batchIds ?? []
}

/** The row's own messages, and those of its batch that its activity is in: until it left, or until now. */
function messagesOf(row: Row, batch: LockedBatch | null, all: ReadonlyMap<number, LockedMessage[]>): LockedMessage[] {
  const own = (all.get(row.id) ?? []).filter(({ batchId }) => batchId === null)
  const ofCarrier = batch === null ? [] : (all.get(batch.carrier) ?? [])
  const contained = ofCarrier.filter(({ batchId, batchRevision, state }) => {
    if (batchId === null || batchId !== row.batchId) return false
    return row.batchLeft === null || (state !== 'queued' && batchRevision !== null && row.batchLeft > batchRevision)
  })
  return [...own, ...contained]
}

/** Why it failed, or, of one that is over, why its last message did not arrive. */
const reasonNow = sql`coalesce(r.reason, case when r.status = 'ended' then (
  select m.reason from messages m where m.recipient_run_id = r.id and m.status in ('undelivered', 'not_sent')
    and m.cancel_id is null order by m.number desc limit 1) end)`

function addressedRows({ recipients, itselfOnly = false }: Which, ours: SQL): SQL {
  if (recipients === null) return sql`r.id = any(${rowIdsOf(ours)})`
  const objects = itselfOnly ? [] : recipients.filter((key) => typeof recipientReference(key) !== 'string')
  if (objects.length === 0) return named(recipients, ours)
  // Rows that came via an object have no index: those of the triggers are looked at one by one.
  return sql`r.id = any(${rowIdsOf(ours)})
    and (r.recipient = any(${texts(recipients)}) or r.via -> 'only' ?| ${texts(objects)})`
}

/** The recipients' rows between the first of these triggers and the last; others' lie among them. */
function named(recipients: string[], triggers: SQL): SQL {
  return sql`r.recipient = any(${texts(recipients)})
    and r.id >= (select ${rowAt('min(t.id)', '0')} from triggers t where ${triggers})
    and r.id < (select ${rowAt('(max(t.id) + 1)', '0')} from triggers t where ${triggers})`
}

async function describe(
  tx: Database,
  rows: Row[],
  batches: ReadonlyMap<number, LockedBatch>,
  messages: ReadonlyMap<number, LockedMessage[]>,
): Promise<LockedRow[]> {
  const carried = [...batches.values()].flatMap(({ acting }) => acting ?? [])
  const hashes = [...rows, ...carried].map(({ definitionHash }) => definitionHash)
  const definitions = await loadDefinitions(tx, [...new Set(hashes)])
  const placeOf = ({ step: index, definitionHash }: { step: number; definitionHash: string }) => {
    const { definition } = definitions.get(definitionHash)!
    const step = definition.steps[index]!
    const targets = kindOf(step.type).targets(step)
    return { step, isLast: !targets.some((target) => mayStillAct(definition, target)) }
  }
  return rows.map((found) => {
    const { acceptedMs, step: _index, phase, due, definitionHash: _hash, ...row } = found
    const batch = row.batchId === null ? null : (batches.get(row.batchId) ?? null)
    const { step, isLast } = placeOf(found)
    const acts = batch === null ? (row.status === 'claimed' ? found : null) : batch.acting
    const acting = acts === null ? null : placeOf(acts)
    return {
      ...row,
      step: step.ref,
      sleeps: row.status === 'waiting' && phase === 'wait' && due !== null && kindOf(step.type).movable,
      lane: rowLane(step.type, phase),
      mayStillAct: !isLast,
      acting: acting === null ? null : { step: acting.step.ref, isLast: acting.isLast },
      acceptedAt: new Date(Math.round(acceptedMs)),
      batch,
      messages: messagesOf(found, batch, messages),
    }
  })
}
