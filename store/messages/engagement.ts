import { sql } from 'drizzle-orm'
import { FEED_TYPE } from '../../channels/in-app-feed/feed-type.ts'
import { at, json, query, transaction, type Database } from '../postgres/database.ts'
import { isoText } from '../postgres/instant.ts'
import { withIds } from './message-filter.ts'
import { findMessages, messageIdOf, type MessageRow } from './message-list.ts'
import { noOutbox, recordEvents, type Outbox } from '../../events/outbox.ts'
import { triggerOf } from '../ids/row-id.ts'
import { lockWaiting } from '../waits/lock-waiting.ts'
import { offerEngagements, type Engaged } from '../waits/offer-events.ts'
import type { JsonObject } from '../schema/index.ts'

type Column = 'seen_at' | 'read_at' | 'interacted_at' | 'link_clicked_at' | 'archived_at'

/** Statuses add up: what was read was seen. Taking one back takes back that one alone. */
const actions = {
  seen: { set: true, columns: ['seen_at'] },
  unseen: { set: false, columns: ['seen_at'] },
  read: { set: true, columns: ['seen_at', 'read_at'] },
  unread: { set: false, columns: ['read_at'] },
  interacted: { set: true, columns: ['seen_at', 'read_at', 'interacted_at'] },
  link_clicked: { set: true, columns: ['seen_at', 'read_at', 'link_clicked_at'] },
  archived: { set: true, columns: ['archived_at'] },
  unarchived: { set: false, columns: ['archived_at'] },
} as const satisfies Record<string, { set: boolean; columns: Column[] }>

export type EngagementAction = keyof typeof actions
/** What a caller may say of messages. That a link was clicked is known by the link. */
export const engagementActions = (Object.keys(actions) as EngagementAction[]).filter((name) => name !== 'link_clicked')

type LockedRow = Pick<MessageRow, Column | 'recipient_run_id' | 'number' | 'workflow_run_id' | 'accepted_at'> & {
  in_app: boolean
}

/**
 * Applies an action and returns the messages as they are then, in the order of the ids; what is no message is left out.
 * A message the action would not change stays as it was, without an event; but each interaction is recorded.
 */
export async function engage(
  db: Database,
  messageIds: readonly string[],
  action: EngagementAction,
  options: { now: number; metadata?: JsonObject | undefined },
  outbox = noOutbox,
): Promise<MessageRow[]> {
  return transaction(db, async (tx) => {
    await engageInTransaction(tx, messageIds, action, options, outbox)
    return findMessages(tx, messageIds)
  })
}

/** As `engage`, in the caller's transaction. */
export async function engageInTransaction(
  tx: Database,
  messageIds: readonly string[],
  action: EngagementAction,
  options: { now: number; metadata?: JsonObject | undefined },
  outbox: Outbox,
): Promise<void> {
  const recipients = sql`select m.recipient from messages m where ${withIds(messageIds)}`
  await lockWaiting(tx, sql`w.kind = 'message' and w.recipient in (${recipients})`)
  const locked = await query<LockedRow>(
    tx,
    sql`select m.recipient_run_id, m.number, m.seen_at, m.read_at, m.interacted_at,
          m.link_clicked_at, m.archived_at, m.channel_type = ${FEED_TYPE} as in_app,
          t.workflow_run_id, ${isoText(sql`t.accepted_at`)} as accepted_at
        from messages m join triggers t on t.id = ${triggerOf('m.recipient_run_id')}
        where ${withIds(messageIds)} order by m.recipient_run_id, m.number for update of m`,
  )
  const wanted = new Set(messageIds)
  const changed = locked.filter((row) => wanted.has(messageIdOf(row)) && eventTypesOf(row, action).length > 0)
  if (changed.length > 0) {
    await setColumns(tx, changed, action, options.now)
    const events = changed.flatMap((row) => recordsOf(row, action, options.metadata))
    await record(tx, events, options.now)
    const inApp = new Set(changed.flatMap((row) => (row.in_app ? [keyText(row.recipient_run_id, row.number)] : [])))
    await offerEngagements(tx, events.map(engagedOf(changed)), options.now, outbox)
    await recordEvents(tx, outbox, options.now, () =>
      events.map(([recipientRunId, number, type, data]) => ({
        type: `message.${type}`,
        recipientRunId,
        number,
        data,
        ...(inApp.has(keyText(recipientRunId, number)) && { feed: type === 'archived' ? 'revoked' : 'changed' }),
      })),
    )
  }
}

const keyText = (recipientRunId: number, number: number) => `${recipientRunId}/${number}`

function eventTypesOf(row: LockedRow, action: EngagementAction): EngagementAction[] {
  const { set, columns } = actions[action]
  return columns
    .filter((column) => (set ? row[column] === null || column === 'interacted_at' : row[column] !== null))
    .map((column) => `${set ? '' : 'un'}${column.replace('_at', '')}` as EngagementAction)
}

async function setColumns(tx: Database, rows: LockedRow[], action: EngagementAction, now: number): Promise<void> {
  const { set, columns } = actions[action]
  const assignments = columns.map((column) => {
    const name = sql.raw(column)
    if (!set) return sql`${name} = null`
    return column === 'interacted_at' ? sql`${name} = ${at(now)}` : sql`${name} = coalesce(${name}, ${at(now)})`
  })
  const keys = rows.map((row) => [row.recipient_run_id, row.number])
  await tx.execute(
    sql`update messages set ${sql.join(assignments, sql`, `)}, updated_at = ${at(now)}
      where (recipient_run_id, number) in (
        select (pair->>0)::bigint, (pair->>1)::smallint from jsonb_array_elements(${json(keys)}) as pair)`,
  )
}

type EventRecord = [recipientRunId: number, number: number, type: EngagementAction, data: JsonObject | null]

function recordsOf(row: LockedRow, action: EngagementAction, metadata: JsonObject | undefined): EventRecord[] {
  return eventTypesOf(row, action).map((type) => [
    row.recipient_run_id,
    row.number,
    type,
    type === 'interacted' || type === 'link_clicked' ? (metadata ?? null) : null,
  ])
}

const engagedOf =
  (rows: readonly LockedRow[]) =>
  ([recipientRunId, number, type, metadata]: EventRecord): Engaged => {
    const row = rows.find((each) => each.recipient_run_id === recipientRunId && each.number === number)!
    return { recipientRunId, number, messageId: messageIdOf(row), type, metadata }
  }

async function record(tx: Database, events: EventRecord[], now: number): Promise<void> {
  await tx.execute(
    sql`insert into message_events (recipient_run_id, number, type, data, inserted_at)
      select (event->>0)::bigint, (event->>1)::smallint, event->>2, nullif(event->3, 'null'), ${at(now)}
      from jsonb_array_elements(${json(events)}) as event`,
  )
}
