import {
  bigint,
  bigserial,
  boolean,
  index,
  integer,
  jsonb,
  pgEnum,
  pgTable,
  primaryKey,
  smallint,
  text,
  uuid,
} from 'drizzle-orm/pg-core'
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

/**
 * What a channel step made for one recipient, and the arbiter between its send and a cancel. `queued` with a live lease:
 * being sent; `queued` otherwise: to be sent at `due`. Its public id is made of its key: see message-id.ts.
 */
export const messages = pgTable(
  'messages',
  {
    recipientRunId: bigint('recipient_run_id', { mode: 'number' }).notNull(),
    /** Place among the messages of its recipient run, from 0. */
    number: smallint('number').notNull(),
    /** Index into the steps of the version that made it. */
    step: smallint('step').notNull(),
    stepRef: text('step_ref').notNull(),
    /** Place among the messages of one step: channels of a group, tokens of a device list. */
    part: smallint('part').notNull().default(0),
    recipient: bytewise('recipient').notNull(),
    channelId: uuid('channel_id').notNull(),
    channelType: text('channel_type').notNull(),
    status: messageStatus('status').notNull(),
    /** When it is to be sent, or tried again; null once it is settled. */
    due: instant('due'),
    /** Grows with every change of due; a claim must name it. */
    revision: integer('revision').notNull().default(1),
    /** Tries that failed. */
    attempt: smallint('attempt').notNull().default(0),
    /** Who is sending it, until `leaseUntil`: a lease that ran out is a dead worker's. */
    claim: text('claim'),
    leaseUntil: instant('lease_until'),
    /** A lease of it ran out: that try may have reached the recipient, whatever became of later ones. */
    mayHaveBeenSent: boolean('may_have_been_sent').notNull().default(false),
    /** The cancel that took it back, or that came while it was being sent. */
    cancelId: bigint('cancel_id', { mode: 'number' }),
    /** The batch whose activities it contains: those that were in it at `batchRevision`. Null: its recipient run's own. */
    batchId: bigint('batch_id', { mode: 'number' }),
    batchRevision: integer('batch_revision'),
    /** The revision of which `content` was rendered: at another than `batchRevision` it is rendered again before it is sent. */
    batchRendered: integer('batch_rendered'),
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
    primaryKey({ columns: [table.recipientRunId, table.number] }),
    index('messages_recipient').on(table.recipient, table.insertedAt, table.recipientRunId, table.number),
    index('messages_inserted').on(table.insertedAt, table.recipientRunId, table.number),
  ],
)

/** Failed tries and engagement (seen, read, archived, ...), in order. Creation and settlement are derived from the message. */
export const messageEvents = pgTable(
  'message_events',
  {
    id: bigserial('id', { mode: 'number' }).primaryKey(),
    recipientRunId: bigint('recipient_run_id', { mode: 'number' }).notNull(),
    number: smallint('number').notNull(),
    type: text('type').notNull(),
    data: jsonb('data').$type<JsonObject>(),
    insertedAt: instant('inserted_at').notNull(),
  },
  (table) => [index('message_events_message').on(table.recipientRunId, table.number)],
)
