import { sql } from 'drizzle-orm'
import { index, integer, jsonb, pgTable, text, uuid } from 'drizzle-orm/pg-core'
import { bytewise, instant, type JsonObject } from './columns.ts'

/** Triggers to come, once or again and again, each for one recipient. The store's row decides what is due; Temporal wakes it. */
export const schedules = pgTable(
  'schedules',
  {
    id: uuid('id').primaryKey(),
    workflow: text('workflow').notNull(),
    recipient: bytewise('recipient').notNull(),
    actor: bytewise('actor'),
    tenant: bytewise('tenant'),
    data: jsonb('data').$type<JsonObject>().notNull(),
    /** Of what it triggers. */
    cancelationKey: bytewise('cancelation_key'),
    scheduledAt: instant('scheduled_at'),
    endingAt: instant('ending_at'),
    /** Rules: see schedules/occurrences.ts. Empty: it occurs once. */
    repeats: jsonb('repeats').$type<JsonObject[]>().notNull(),
    /** The recipient's time zone, as it was last looked at. */
    zone: text('zone').notNull(),
    lastOccurrenceAt: instant('last_occurrence_at'),
    /** Null: none is to come. */
    nextOccurrenceAt: instant('next_occurrence_at'),
    apiKey: text('api_key').notNull(),
    /** Grows with every change that Temporal has to know. */
    revision: integer('revision').notNull().default(1),
    /** The revision that Temporal's Schedule is of; null: none, or it is to be written again. */
    syncedRevision: integer('synced_revision'),
    syncedAt: instant('synced_at'),
    /** It is none any more, and the row stays until Temporal's Schedule is gone. */
    deletedAt: instant('deleted_at'),
    insertedAt: instant('inserted_at').notNull(),
    updatedAt: instant('updated_at').notNull(),
  },
  (table) => [
    index('schedules_recipient').on(table.recipient, table.insertedAt, table.id),
    index('schedules_workflow').on(table.workflow, table.insertedAt, table.id),
    index('schedules_due')
      .on(table.nextOccurrenceAt)
      .where(sql`next_occurrence_at is not null and deleted_at is null`),
    index('schedules_unsynced')
      .on(table.updatedAt)
      .where(sql`synced_revision is distinct from revision`),
  ],
)
