import { index, jsonb, pgTable, text, uuid } from 'drizzle-orm/pg-core'
import type { Definition } from '../../definitions/definition.ts'
import { instant, type JsonObject } from './columns.ts'

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
