import { sql, type SQL } from 'drizzle-orm'
import { json, texts } from '../postgres/database.ts'
import { keyOfMessageId, type MessageKey } from '../ids/message-id.ts'
import { rowOfUuid } from '../ids/row-id.ts'
import type { JsonObject, messageStatus } from '../schema/index.ts'

export type MessageStatus = (typeof messageStatus.enumValues)[number]

export const engagementStatuses = [
  'seen',
  'unseen',
  'read',
  'unread',
  'archived',
  'unarchived',
  'link_clicked',
  'interacted',
] as const
export type EngagementStatus = (typeof engagementStatuses)[number]

const engagementConditions: Record<EngagementStatus, SQL> = {
  seen: sql`m.seen_at is not null`,
  unseen: sql`m.seen_at is null`,
  read: sql`m.read_at is not null`,
  unread: sql`m.read_at is null`,
  archived: sql`m.archived_at is not null`,
  unarchived: sql`m.archived_at is null`,
  link_clicked: sql`m.link_clicked_at is not null`,
  interacted: sql`m.interacted_at is not null`,
}

/** Flat values to find in `data`. `typed` must be equal; `plain` comes from a query string and is compared as text. */
export interface DataFilter {
  typed: JsonObject
  plain: Record<string, string>
}

const comparisons = { gt: sql`>`, gte: sql`>=`, lt: sql`<`, lte: sql`<=` } as const
/** ISO 8601, by comparison. */
export type InstantFilter = Partial<Record<keyof typeof comparisons, string | undefined>>

/** What a list of messages is narrowed to; several values of one field mean any of them. */
export interface MessageFilter {
  recipient?: string | undefined
  tenant?: string | undefined
  /** With a tenant: also what has none. */
  orNoTenant?: boolean | undefined
  hasTenant?: boolean | undefined
  channelId?: string | undefined
  statuses?: readonly MessageStatus[] | undefined
  engagement?: readonly EngagementStatus[] | undefined
  ids?: readonly string[] | undefined
  categories?: readonly string[] | undefined
  source?: string | undefined
  workflowRunId?: string | undefined
  workflowRecipientRunId?: string | undefined
  triggerData?: DataFilter | undefined
  insertedAt?: InstantFilter | undefined
}

/** What a recipient's templates saw: their own `$trigger_data` laid over the trigger's data. */
export const messageData = sql`(t.data || coalesce(r.trigger_data, '{}'))`

/** Conditions on the aliases of `messageTables`. */
export function messageConditions(filter: MessageFilter): SQL[] {
  const conditions: (SQL | undefined)[] = [
    when(filter.recipient, (recipient) => sql`m.recipient = ${recipient}`),
    when(filter.tenant, (tenant) =>
      filter.orNoTenant === true ? sql`(t.tenant = ${tenant} or t.tenant is null)` : sql`t.tenant = ${tenant}`,
    ),
    when(filter.hasTenant, (has) => (has ? sql`t.tenant is not null` : sql`t.tenant is null`)),
    when(filter.channelId, (id) => sql`m.channel_id = ${id}::uuid`),
    when(filter.statuses, (statuses) => sql`m.status::text = any(${texts(statuses)})`),
    when(
      filter.engagement,
      (wanted) =>
        sql`(${sql.join(
          wanted.map((each) => engagementConditions[each]),
          sql` or `,
        )})`,
    ),
    when(filter.ids, (ids) => withIds(ids)),
    when(filter.categories, (categories) => sql`d.content->'categories' ?| ${texts(categories)}`),
    when(filter.source, (key) => sql`runs.definition_key = ${key}`),
    when(filter.workflowRunId, (id) => sql`t.workflow_run_id = ${id}::uuid`),
    when(filter.workflowRecipientRunId, (id) => sql`m.recipient_run_id = ${rowOfUuid(id) ?? -1}`),
    ...dataConditions(filter.triggerData),
    ...instantConditions(sql`m.inserted_at`, filter.insertedAt),
  ]
  return conditions.filter((condition) => condition !== undefined)
}

function when<Value>(value: Value | undefined, condition: (value: Value) => SQL): SQL | undefined {
  return value === undefined ? undefined : condition(value)
}

/** By primary key. An id that only looks like one finds nothing, or a row whose id is another: the caller compares. */
export function withIds(messageIds: readonly string[]): SQL {
  return withKeys(messageIds.map(keyOfMessageId).filter((key) => key !== null))
}

/** The condition that a message is one of these; none: nothing matches. */
export function withKeys(keys: readonly MessageKey[]): SQL {
  const rows = keys.map((key) => [key.recipientRunId, key.number])
  return sql`(m.recipient_run_id, m.number) in (
    select (pair->>0)::bigint, (pair->>1)::smallint from jsonb_array_elements(${json(rows)}) as pair)`
}

/** Conditions that the data of trigger `t` and row `r` has these values; left out: none. */
export function dataConditions(filter: DataFilter | undefined): SQL[] {
  if (filter === undefined) return []
  const plain = Object.entries(filter.plain).map(([name, value]) => sql`${messageData} ->> ${name}::text = ${value}`)
  return [sql`${messageData} @> ${json(filter.typed)}`, ...plain]
}

/** The conditions of a filter by instants on this column; left out: none. */
export function instantConditions(column: SQL, filter: InstantFilter | undefined): SQL[] {
  const given = Object.entries(filter ?? {}) as [keyof typeof comparisons, string | undefined][]
  return given
    .filter(([, instant]) => instant !== undefined)
    .map(([comparison, instant]) => sql`${column} ${comparisons[comparison]} ${instant}::timestamptz`)
}
