import { jsonb, pgTable, text } from 'drizzle-orm/pg-core'
import { bytewise, instant } from './columns.ts'

/** Secret keys beside the settings' own. A revoked one keeps its row, so that its name is never another's. */
export const apiKeys = pgTable('api_keys', {
  name: bytewise('name').primaryKey(),
  /** SHA-256 in hex. The key itself is nowhere. */
  hash: text('hash').notNull().unique(),
  /** Its first characters, to recognize it by. */
  hint: text('hint').notNull(),
  scopes: jsonb('scopes').$type<string[]>().notNull(),
  createdAt: instant('created_at').notNull(),
  revokedAt: instant('revoked_at'),
})
