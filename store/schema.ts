import { sql } from 'drizzle-orm'
import {
  bigint,
  bigserial,
  boolean,
  customType,
  index,
  integer,
  jsonb,
  pgEnum,
  pgTable,
  primaryKey,
  smallint,
  text,
  timestamp,
  uuid,
} from 'drizzle-orm/pg-core'
import type { Definition } from '../definitions/definition.ts'

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }
export type JsonObject = Record<string, Json>

const instant = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' })

/**
 * Compared byte for byte: a caller's key must never be matched by a locale's idea of equality or order. An index of it is
 * cheaper by a tenth to write, too: no locale is asked.
 */
const bytewise = customType<{ data: string }>({ dataType: () => 'text collate "C"' })

/** Each version of a definition ever used, by the hash of its content. A trigger keeps the one it started with. */
export const definitions = pgTable(
  'definitions',
  {
    hash: text('hash').primaryKey(),
    key: text('key').notNull(),
    versionId: uuid('version_id').notNull(),
    content: jsonb('content').$type<Definition>().notNull(),
    createdAt: instant('created_at').notNull().defaultNow(),
  },
  (table) => [index('definitions_key').on(table.key)],
)

/** The channels of channels.json, as the last api that started published them; workers read them here. */
export const channels = pgTable('channels', {
  key: text('key').primaryKey(),
  id: uuid('id').notNull(),
  type: text('type').notNull(),
  name: text('name').notNull(),
  provider: text('provider').notNull(),
  settings: jsonb('settings').$type<JsonObject>().notNull(),
  createdAt: instant('created_at').notNull().defaultNow(),
  updatedAt: instant('updated_at').notNull().defaultNow(),
})

/** One row for each (definition key, cancelation_key), and one for each trigger without a key. Locked first by whoever joins or cancels. */
export const runs = pgTable('runs', {
  id: bigserial('id', { mode: 'number' }).primaryKey(),
  workflowId: bytewise('workflow_id').notNull().unique(),
  definitionKey: text('definition_key').notNull(),
  cancelationKey: bytewise('cancelation_key'),
  /** Grows when a trigger finds nothing pending under the key: a cancel sees the last generation only. */
  generation: integer('generation').notNull().default(1),
  createdAt: instant('created_at').notNull().defaultNow(),
})

export const triggers = pgTable(
  'triggers',
  {
    id: bigserial('id', { mode: 'number' }).primaryKey(),
    workflowRunId: uuid('workflow_run_id').notNull().unique(),
    runId: bigint('run_id', { mode: 'number' }).notNull(),
    generation: integer('generation').notNull(),
    definitionHash: text('definition_hash').notNull(),
    actor: text('actor'),
    tenant: text('tenant'),
    data: jsonb('data').$type<JsonObject>().notNull(),
    skipDelay: boolean('skip_delay').notNull().default(false),
    sandboxMode: boolean('sandbox_mode').notNull().default(false),
    /** Index of the last step that sends: past it nothing is to come. */
    lastSend: smallint('last_send').notNull(),
    recipientCount: integer('recipient_count').notNull(),
    apiKey: text('api_key').notNull(),
    acceptedAt: instant('accepted_at').notNull(),
    /** The execution that took the trigger's signal; null until Temporal confirmed one. */
    temporalRunId: text('temporal_run_id'),
  },
  (table) => [index('triggers_run').on(table.runId, table.generation, table.id)],
)

/**
 * `waiting`: asleep until `due`, in backoff until then, or ready (due has come). `claimed`: a channel is sending.
 * A claimed row with a `cancelId` ends when its claim settles.
 */
export const recipientRunStatus = pgEnum('recipient_run_status', ['waiting', 'claimed', 'ended', 'canceled'])

/** The arbiter between send and cancel. `id` holds the trigger's id and the recipient's place in it: see row-id.ts. */
export const recipientRuns = pgTable(
  'recipient_runs',
  {
    id: bigint('id', { mode: 'number' }).primaryKey(),
    /** A user's id, or `collection#id` for an object. */
    recipient: bytewise('recipient').notNull(),
    status: recipientRunStatus('status').notNull().default('waiting'),
    /** Index into the definition's steps: the step to come, or the one that was last. */
    step: smallint('step').notNull(),
    /** Grows with every change of step or due; a claim must name it. */
    revision: integer('revision').notNull().default(1),
    /** Failed tries of this step. */
    attempt: smallint('attempt').notNull().default(0),
    due: instant('due').notNull(),
    /** `activity` that holds the claim, and its attempt: a later attempt takes it over, an earlier one is refused. */
    claim: text('claim'),
    claimAttempt: integer('claim_attempt').notNull().default(0),
    /** Messages that reached the recipient, or may have. */
    sent: smallint('sent').notNull().default(0),
    errorCount: smallint('error_count').notNull().default(0),
    /** Why it failed, or why nothing reached them; in a backoff, the last refusal. A cancel's is its own: see `cancels`. */
    reason: text('reason'),
    cancelId: bigint('cancel_id', { mode: 'number' }),
    /** `$trigger_data`: laid over the trigger's data for this recipient. */
    triggerData: jsonb('trigger_data').$type<JsonObject>(),
    updatedAt: instant('updated_at').notNull(),
  },
  (table) => [index('recipient_runs_recipient').on(table.recipient, table.id)],
)

/** Who canceled, when and why; each canceled recipient run points here. */
export const cancels = pgTable('cancels', {
  id: bigserial('id', { mode: 'number' }).primaryKey(),
  runId: bigint('run_id', { mode: 'number' }).notNull(),
  apiKey: text('api_key').notNull(),
  reason: text('reason'),
  createdAt: instant('created_at').notNull(),
})

/** What the recipient's columns cannot tell: failed tries and moves. Arrival, messages, cancel and end are derived. */
export const recipientRunEvents = pgTable(
  'recipient_run_events',
  {
    id: bigserial('id', { mode: 'number' }).primaryKey(),
    recipientRunId: bigint('recipient_run_id', { mode: 'number' }).notNull(),
    event: text('event').notNull(),
    status: text('status').notNull(),
    step: smallint('step').notNull(),
    attempt: smallint('attempt').notNull().default(0),
    data: jsonb('data').$type<JsonObject>(),
    insertedAt: instant('inserted_at').notNull(),
  },
  (table) => [index('recipient_run_events_run').on(table.recipientRunId)],
)

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

export const signalKind = pgEnum('signal_kind', ['trigger', 'cancel', 'move'])

/** Signals not yet confirmed by Temporal, written with what they tell and deleted once it has them. */
export const pendingSignals = pgTable(
  'pending_signals',
  {
    id: bigserial('id', { mode: 'number' }).primaryKey(),
    runId: bigint('run_id', { mode: 'number' }).notNull(),
    kind: signalKind('kind').notNull(),
    triggerId: bigint('trigger_id', { mode: 'number' }),
    /** Row ids as ranges: what a cancel or a move touched. A trigger's are read from its rows. */
    rows: jsonb('rows').$type<[number, number][]>(),
    createdAt: instant('created_at').notNull().defaultNow(),
  },
  (table) => [index('pending_signals_run').on(table.runId)],
)

/** Answers of 2xx, replayed for 24 hours. */
export const idempotencyKeys = pgTable(
  'idempotency_keys',
  {
    scope: text('scope').notNull(),
    key: bytewise('key').notNull(),
    hash: text('hash').notNull(),
    requestId: text('request_id').notNull(),
    response: jsonb('response').$type<JsonObject>().notNull(),
    triggerId: bigint('trigger_id', { mode: 'number' }),
    createdAt: instant('created_at').notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.scope, table.key] }), index('idempotency_keys_age').on(table.createdAt)],
)

export const users = pgTable('users', {
  id: bytewise('id').primaryKey(),
  properties: jsonb('properties').$type<JsonObject>().notNull(),
  createdAt: instant('created_at').notNull().defaultNow(),
  updatedAt: instant('updated_at').notNull().defaultNow(),
})

export const objects = pgTable(
  'objects',
  {
    collection: bytewise('collection').notNull(),
    id: bytewise('id').notNull(),
    properties: jsonb('properties').$type<JsonObject>().notNull(),
    createdAt: instant('created_at').notNull().defaultNow(),
    updatedAt: instant('updated_at').notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.collection, table.id] })],
)

export const tenants = pgTable('tenants', {
  id: bytewise('id').primaryKey(),
  properties: jsonb('properties').$type<JsonObject>().notNull(),
  createdAt: instant('created_at').notNull().defaultNow(),
  updatedAt: instant('updated_at').notNull().defaultNow(),
})

/** Where housekeeping left off: executions closed before this instant have been looked at. */
export const housekeeping = pgTable('housekeeping', {
  name: text('name').primaryKey(),
  seenUntil: instant('seen_until').notNull(),
})

/** Events not yet delivered to an endpoint of BELAY_WEBHOOKS, written with what they tell; deleted once delivered. */
export const webhookEvents = pgTable(
  'webhook_events',
  {
    id: bigserial('id', { mode: 'number' }).primaryKey(),
    /** The same for every attempt and every endpoint. */
    eventId: uuid('event_id').notNull(),
    /** See webhook-endpoints.ts. */
    endpoint: text('endpoint').notNull(),
    type: text('type').notNull(),
    recipientRunId: bigint('recipient_run_id', { mode: 'number' }).notNull(),
    /** Of the message; null for an event of the recipient run. */
    step: smallint('step'),
    data: jsonb('data').$type<JsonObject>(),
    createdAt: instant('created_at').notNull(),
    attempt: smallint('attempt').notNull().default(0),
    /** By the store's clock. */
    due: instant('due').notNull().defaultNow(),
    /** The last refusal. */
    reason: text('reason'),
    /** Set after the last attempt: kept for a while, for whoever looks. */
    givenUpAt: instant('given_up_at'),
  },
  (table) => [
    index('webhook_events_due')
      .on(table.endpoint, table.due, table.id)
      .where(sql`given_up_at is null`),
  ],
)

/** One row: the id of this deployment, made once. */
export const environment = pgTable('environment', {
  one: boolean('one').primaryKey().default(true),
  id: uuid('id').notNull().defaultRandom(),
})
