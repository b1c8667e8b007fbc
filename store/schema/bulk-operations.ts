import { integer, jsonb, pgTable, text, uuid } from 'drizzle-orm/pg-core'
import { instant, type JsonObject } from './columns.ts'

/** Changes asked for in one call and carried out in chunks, each in one transaction with its progress. */
export const bulkOperations = pgTable('bulk_operations', {
  id: uuid('id').primaryKey(),
  name: text('name').notNull(),
  input: jsonb('input').$type<JsonObject>().notNull(),
  /** Where the next chunk begins. */
  position: jsonb('position').$type<JsonObject>().notNull(),
  total: integer('total').notNull(),
  processed: integer('processed').notNull().default(0),
  failed: jsonb('failed').$type<JsonObject[]>().notNull(),
  apiKey: text('api_key').notNull(),
  insertedAt: instant('inserted_at').notNull(),
  startedAt: instant('started_at'),
  updatedAt: instant('updated_at').notNull(),
  completedAt: instant('completed_at'),
})
