import { bigint, bigserial, index, integer, jsonb, pgEnum, pgTable, smallint, text } from 'drizzle-orm/pg-core'
import { bytewise, instant, type JsonObject } from './columns.ts'

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
