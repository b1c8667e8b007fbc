import { bigint, bigserial, boolean, index, integer, jsonb, pgTable, smallint, text, uuid } from 'drizzle-orm/pg-core'
import { bytewise, instant, type JsonObject } from './columns.ts'

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

/** Who canceled, when and why; each canceled recipient run points here. */
export const cancels = pgTable('cancels', {
  id: bigserial('id', { mode: 'number' }).primaryKey(),
  runId: bigint('run_id', { mode: 'number' }).notNull(),
  apiKey: text('api_key').notNull(),
  reason: text('reason'),
  createdAt: instant('created_at').notNull(),
})
