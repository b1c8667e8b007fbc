import { boolean, integer, pgTable, uuid } from 'drizzle-orm/pg-core'

/** One row: the id of this store, made once, and how often it was restored from a backup. */
export const environment = pgTable('environment', {
  one: boolean('one').primaryKey().default(true),
  id: uuid('id').notNull().defaultRandom(),
  epoch: integer('epoch').notNull().default(1),
})
