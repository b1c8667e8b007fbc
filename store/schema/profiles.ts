import { jsonb, pgTable, primaryKey } from 'drizzle-orm/pg-core'
import { bytewise, instant, type JsonObject } from './columns.ts'

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
