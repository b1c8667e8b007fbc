import { index, jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core'
import { bytewise, instant, type JsonObject } from './columns.ts'

/** Answers of 2xx, replayed for 24 hours. */
export const idempotencyKeys = pgTable(
  'idempotency_keys',
  {
    scope: text('scope').notNull(),
    key: bytewise('key').notNull(),
    hash: text('hash').notNull(),
    requestId: text('request_id').notNull(),
    response: jsonb('response').$type<JsonObject>().notNull(),
    createdAt: instant('created_at').notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.scope, table.key] }), index('idempotency_keys_age').on(table.createdAt)],
)
