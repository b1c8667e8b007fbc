import { boolean, pgTable, uuid } from 'drizzle-orm/pg-core'

/** One row: the id of this deployment, made once. */
export const environment = pgTable('environment', {
  one: boolean('one').primaryKey().default(true),
  id: uuid('id').notNull().defaultRandom(),
})
