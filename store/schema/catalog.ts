import { boolean, index, integer, jsonb, pgTable, smallint, text, uuid } from 'drizzle-orm/pg-core'
import type { Definition } from '../../definitions/definition.ts'
import { instant, type JsonObject } from './columns.ts'

/** Each version of a definition ever used, by the hash of its content. A recipient run keeps the one it started with. */
export const definitions = pgTable(
  'definitions',
  {
    hash: text('hash').primaryKey(),
    key: text('key').notNull(),
    versionId: uuid('version_id').notNull(),
    /** How `content` is laid out: see DEFINITION_FORMAT in definitions/definition.ts. */
    format: smallint('format').notNull(),
    content: jsonb('content').$type<Definition>().notNull(),
    createdAt: instant('created_at').notNull(),
  },
  (table) => [index('definitions_key').on(table.key)],
)

/** The version of each key that new triggers start with, as the last api that published the folder read it. */
export const currentDefinitions = pgTable('current_definitions', {
  key: text('key').primaryKey(),
  hash: text('hash').notNull(),
  /** False: it takes no triggers, and who resumes in any version of it ends. */
  active: boolean('active').notNull(),
  /** True: its file is gone. */
  archived: boolean('archived').notNull().default(false),
  updatedAt: instant('updated_at').notNull(),
})

/** One row: the folder as it was last published. Apis look at its version, and take up what is newer than theirs. */
export const publishedCatalog = pgTable('published_catalog', {
  one: boolean('one').primaryKey().default(true),
  /** Grows with every change of `content`. */
  version: integer('version').notNull(),
  content: jsonb('content').$type<JsonObject>().notNull(),
  updatedAt: instant('updated_at').notNull(),
})

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
