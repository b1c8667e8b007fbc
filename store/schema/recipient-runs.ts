import { sql } from 'drizzle-orm'
import { bigint, bigserial, index, integer, jsonb, pgEnum, pgTable, smallint, text } from 'drizzle-orm/pg-core'
import { bytewise, instant, type JsonObject } from './columns.ts'

/**
 * `waiting`: stands in its step until `due`, or is to be walked on now. `claimed`: its step acts on the outside. A claimed
 * row with a `cancelId` goes no further. Messages it made are arbiters of their own: see messages.ts.
 */
export const recipientRunStatus = pgEnum('recipient_run_status', ['waiting', 'claimed', 'ended', 'canceled'])

/** `enter`: the step is to be entered at `due`. `wait`: the step has been entered, and its wait is over at `due`. */
export const stepPhase = pgEnum('step_phase', ['enter', 'wait'])

/** One recipient's way through the steps. `id` holds the trigger's id and the recipient's place in it: see row-id.ts. */
export const recipientRuns = pgTable(
  'recipient_runs',
  {
    id: bigint('id', { mode: 'number' }).primaryKey(),
    /** A user's id, or `collection#id` for an object. */
    recipient: bytewise('recipient').notNull(),
    status: recipientRunStatus('status').notNull().default('waiting'),
    /** Index of the step it stands in, or that was last. */
    step: smallint('step').notNull(),
    phase: stepPhase('phase').notNull(),
    /** Since when it stands in its step. */
    enteredAt: instant('entered_at').notNull(),
    /** Grows with every change of step or due; a hand-out must name it. */
    revision: integer('revision').notNull().default(1),
    /** Failed tries of this step. */
    attempt: smallint('attempt').notNull().default(0),
    /** Null while something else wakes it: a batch it waits in. */
    due: instant('due'),
    /** Who carries out its step, until `leaseUntil`. */
    claim: text('claim'),
    leaseUntil: instant('lease_until'),
    /** How many messages it has made: the number of the next one. */
    messages: smallint('messages').notNull().default(0),
    errorCount: smallint('error_count').notNull().default(0),
    /** Why it failed. A cancel's is its own: see `cancels`. */
    reason: text('reason'),
    cancelId: bigint('cancel_id', { mode: 'number' }),
    /** The batch its activity is in. With a `cancelId` a carrier is nobody's, and walks on for the others. */
    batchId: bigint('batch_id', { mode: 'number' }),
    /** The revision of the batch from which on its activity is in it no more: a cancel took it back. */
    batchLeft: integer('batch_left'),
    /** The version it walks in; null: its trigger's. */
    definitionHash: text('definition_hash'),
    /** What its steps remember, by ref. */
    state: jsonb('state').$type<JsonObject>(),
    /** `$trigger_data`: laid over the trigger's data for this recipient. */
    triggerData: jsonb('trigger_data').$type<JsonObject>(),
    /** How they came in, if they were not named: fan-out.ts. */
    via: jsonb('via').$type<{ from: string; only: string[] }>(),
    updatedAt: instant('updated_at').notNull(),
  },
  (table) => [
    index('recipient_runs_recipient').on(table.recipient, table.id),
    index('recipient_runs_batch')
      .on(table.batchId, table.id)
      .where(sql`batch_id is not null`),
  ],
)

/** What the recipient's columns cannot tell: skipped and failed steps, moves. Arrival, messages, cancel and end are derived. */
export const recipientRunEvents = pgTable(
  'recipient_run_events',
  {
    id: bigserial('id', { mode: 'number' }).primaryKey(),
    recipientRunId: bigint('recipient_run_id', { mode: 'number' }).notNull(),
    event: text('event').notNull(),
    status: text('status').notNull(),
    /** As step-number.ts numbers it. */
    step: smallint('step').notNull(),
    attempt: smallint('attempt').notNull().default(0),
    data: jsonb('data').$type<JsonObject>(),
    insertedAt: instant('inserted_at').notNull(),
  },
  (table) => [index('recipient_run_events_run').on(table.recipientRunId)],
)
