import { sql } from 'drizzle-orm'
import {
  bigint,
  bigserial,
  boolean,
  index,
  integer,
  jsonb,
  pgTable,
  smallint,
  text,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core'
import { bytewise, instant, type JsonObject } from './columns.ts'

/** One row for each (definition key, cancelation_key), and one for each trigger without a key. Locked first by whoever joins or cancels. */
export const runs = pgTable('runs', {
  id: bigserial('id', { mode: 'number' }).primaryKey(),
  workflowId: bytewise('workflow_id').notNull().unique(),
  definitionKey: text('definition_key').notNull(),
  cancelationKey: bytewise('cancelation_key'),
  /** Grows when a trigger finds nothing pending under the key: a cancel sees the last generation only. */
  generation: integer('generation').notNull().default(1),
  /** Recipients accepted in this generation, or pending when they were last counted and accepted since: no fewer are pending. */
  recipients: integer('recipients').notNull().default(0),
  createdAt: instant('created_at').notNull(),
  /** When the run was last told to read the store, since something of it was overdue. */
  reloadedAt: instant('reloaded_at'),
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
    /** Length of `data` as JSON, in UTF-16 units: what a chunk of it takes in memory is known before it is loaded. */
    dataSize: integer('data_size').notNull(),
    skipDelay: boolean('skip_delay').notNull().default(false),
    sandboxMode: boolean('sandbox_mode').notNull().default(false),
    /** A lower bound of the dues of its rows and messages; null: nothing is pending. Lowered by writes, raised by repairs only. */
    nextDue: instant('next_due'),
    recipientCount: integer('recipient_count').notNull(),
    apiKey: text('api_key').notNull(),
    acceptedAt: instant('accepted_at').notNull(),
    /** The recipient run, and the step of it (step-number.ts), that triggered this; null: a caller did. */
    causedByRow: bigint('caused_by_row', { mode: 'number' }),
    causedByStep: smallint('caused_by_step'),
    /** The schedule whose occurrence it is; null: none's. */
    scheduleId: uuid('schedule_id'),
    /** How many workflows triggered each other before it. */
    depth: smallint('depth').notNull().default(0),
    /** W3C's traceparent of the call that was answered for it, where that was traced: what comes of it goes on with it. */
    trace: text('trace'),
    /** The execution that took the trigger's signal; null until Temporal confirmed one. */
    temporalRunId: text('temporal_run_id'),
  },
  (table) => [
    index('triggers_run').on(table.runId, table.generation, table.id),
    uniqueIndex('triggers_cause')
      .on(table.causedByRow, table.causedByStep)
      .where(sql`caused_by_row is not null`),
    index('triggers_next_due')
      .on(table.runId, table.nextDue)
      .where(sql`next_due is not null`),
    index('triggers_overdue')
      .on(table.nextDue)
      .where(sql`next_due is not null`),
  ],
)

/** Who canceled, when and why; each canceled recipient run points here. */
export const cancels = pgTable('cancels', {
  id: bigserial('id', { mode: 'number' }).primaryKey(),
  runId: bigint('run_id', { mode: 'number' }).notNull(),
  apiKey: text('api_key').notNull(),
  reason: text('reason'),
  createdAt: instant('created_at').notNull(),
})
