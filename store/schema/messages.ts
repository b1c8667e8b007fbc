import { bigint, bigserial, index, jsonb, pgEnum, pgTable, primaryKey, smallint, text, uuid } from 'drizzle-orm/pg-core'
import { bytewise, instant, type JsonObject } from './columns.ts'

export const messageStatus = pgEnum('message_status', [
  'queued',
  'sent',
  'delivered',
  'delivery_attempted',
  'undelivered',
  'not_sent',
  'bounced',
])

/** What one channel step produced for one recipient; its public id is made of its key: see message-id.ts. */
export const messages = pgTable(
  'messages',
  {
    recipientRunId: bigint('recipient_run_id', { mode: 'number' }).notNull(),
    step: smallint('step').notNull(),
    stepRef: text('step_ref').notNull(),
    recipient: bytewise('recipient').notNull(),
    channelId: uuid('channel_id').notNull(),
    status: messageStatus('status').notNull(),
    /** The rendered template, in the shape of its channel type. */
    content: jsonb('content').$type<JsonObject>().notNull(),
    /** Why it was not sent, or the provider's last refusal. */
    reason: text('reason'),
    externalId: text('external_id'),
    insertedAt: instant('inserted_at').notNull(),
    updatedAt: instant('updated_at').notNull(),
    /** Since when the status is what it is; null while queued. Engagement moves `updated_at`, and not this. */
    settledAt: instant('settled_at'),
    seenAt: instant('seen_at'),
    readAt: instant('read_at'),
    interactedAt: instant('interacted_at'),
    linkClickedAt: instant('link_clicked_at'),
    archivedAt: instant('archived_at'),
  },
  (table) => [
    primaryKey({ columns: [table.recipientRunId, table.step] }),
    index('messages_recipient').on(table.recipient, table.insertedAt, table.recipientRunId, table.step),
    index('messages_inserted').on(table.insertedAt, table.recipientRunId, table.step),
  ],
)

/** Engagement (seen, read, archived, ...), in order. Creation and delivery are derived from the message, failed tries from recipient_run_events. */
export const messageEvents = pgTable(
  'message_events',
  {
    id: bigserial('id', { mode: 'number' }).primaryKey(),
    recipientRunId: bigint('recipient_run_id', { mode: 'number' }).notNull(),
    step: smallint('step').notNull(),
    type: text('type').notNull(),
    data: jsonb('data').$type<JsonObject>(),
    insertedAt: instant('inserted_at').notNull(),
  },
  (table) => [index('message_events_message').on(table.recipientRunId, table.step)],
)
