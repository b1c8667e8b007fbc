import { sql } from 'drizzle-orm'
import { randomUUID } from 'node:crypto'
import type { Outbox } from '../../events/outbox.ts'
import { recipientReference } from '../ids/recipient.ts'
import { triggerOf } from '../ids/row-id.ts'
import { ids, onCommit, query, texts, type Database } from '../postgres/database.ts'
import type { JsonObject } from '../schema/index.ts'
import { lockSubjects } from './event-wait.ts'
import { lockWaiting, waitsForEndsOf } from './lock-waiting.ts'
import { recordOccurrences, type Occurrence } from './record-occurrences.ts'
import { runEnd, toldOfEnd, type RunEnd } from './run-end.ts'

type Happened = Omit<Occurrence, 'id'>

/** Offers what happened to who waits for it, and wakes their runs once it is committed. */
async function offerAll(tx: Database, all: readonly Happened[], now: number, outbox: Outbox): Promise<void> {
  const occurrences = all.map((each) => ({ id: randomUUID(), ...each }))
  const { signals } = await recordOccurrences(tx, occurrences, now)
  if (signals.length > 0) onCommit(tx, () => outbox.wakeRuns?.(signals))
}

/** Recipient runs that are over, their rows written by now: `completed`, `error` or `cancelled`. */
export async function offerEnds(tx: Database, rowIds: readonly number[], now: number, outbox: Outbox): Promise<void> {
  if (rowIds.length === 0) return
  await lockWaiting(tx, waitsForEndsOf(rowIds))
  await tx.execute(lockSubjects(['workflow'], 'records'))
  const ended = await query<RunEnd>(
    tx,
    sql`select ${runEnd}
        from recipient_runs r join triggers t on t.id = ${triggerOf('r.id')} join runs u on u.id = t.run_id
        where r.id = any(${ids(rowIds)}) and r.status in ('ended', 'canceled') and exists (
          select from event_waits w where w.kind = 'workflow' and w.recipient = r.recipient and w.source = u.definition_key)
        order by r.id`,
  )
  await offerAll(tx, ended.map(toldOfEnd), now, outbox)
}

/** What somebody did with a message. */
export interface Engaged {
  recipientRunId: number
  number: number
  messageId: string
  type: string
  metadata: JsonObject | null
}

/** Messages that were seen, read and so on. Who waits for them was locked before the messages were. */
export async function offerEngagements(
  tx: Database,
  engaged: readonly Engaged[],
  now: number,
  outbox: Outbox,
): Promise<void> {
  if (engaged.length === 0) return
  await tx.execute(lockSubjects(['message'], 'records'))
  const found = await query<{
    row: number
    number: number
    recipient: string
    stepRef: string
    channelType: string
    workflow: string
    workflowRunId: string
  }>(
    tx,
    sql`select m.recipient_run_id as row, m.number, m.recipient, m.step_ref as "stepRef", m.channel_type as "channelType",
          u.definition_key as workflow, t.workflow_run_id as "workflowRunId"
        from messages m join triggers t on t.id = ${triggerOf('m.recipient_run_id')} join runs u on u.id = t.run_id
        where m.recipient_run_id = any(${ids(engaged.map(({ recipientRunId }) => recipientRunId))})
          and exists (select from event_waits w where w.kind = 'message' and w.recipient = m.recipient)`,
  )
  const byKey = new Map(found.map((message) => [`${message.row}/${message.number}`, message]))
  const happened = engaged.flatMap((each): Happened[] => {
    const message = byKey.get(`${each.recipientRunId}/${each.number}`)
    if (message === undefined) return []
    const { row, recipient, workflow, workflowRunId } = message
    const data = {
      message_id: each.messageId,
      step_ref: message.stepRef,
      channel_type: message.channelType,
      workflow_key: workflow,
      workflow_run_id: workflowRunId,
      metadata: each.metadata,
    }
    return [{ kind: 'message', name: each.type, recipients: [recipient], source: workflow, data, ofRow: row }]
  })
  await offerAll(tx, happened, now, outbox)
}

/** Users and objects, by their keys, whose properties were changed. */
export async function offerChanges(
  tx: Database,
  recipients: readonly string[],
  now: number,
  outbox: Outbox,
): Promise<void> {
  if (recipients.length === 0) return
  await lockWaiting(tx, sql`w.kind = 'recipient' and w.name = 'updated' and w.recipient = any(${texts(recipients)})`)
  await tx.execute(lockSubjects(['recipient'], 'records'))
  const awaited = await query<{ recipient: string }>(
    tx,
    sql`select distinct recipient from event_waits where kind = 'recipient' and recipient = any(${texts(recipients)})`,
  )
  const happened = awaited.map(({ recipient }): Happened => {
    return {
      kind: 'recipient',
      name: 'updated',
      recipients: [recipient],
      source: null,
      data: idOf(recipient),
      ofRow: null,
    }
  })
  await offerAll(tx, happened, now, outbox)
}

/** As templates see a recipient: an object's id stands beside its collection. */
function idOf(recipient: string): JsonObject {
  const reference = recipientReference(recipient)
  return typeof reference === 'string' ? { id: reference } : { ...reference }
}
