import { sql } from 'drizzle-orm'
import { query, texts, type Database } from '../postgres/database.ts'
import { recipientReference } from '../ids/recipient.ts'
import type { JsonObject } from '../schema/index.ts'

/** The properties of users and objects, by recipient key (recipient.ts); who was never stored is absent. */
export async function loadRecipients(db: Database, keys: readonly string[]): Promise<Map<string, JsonObject>> {
  const users: string[] = []
  const objects: { collection: string; id: string }[] = []
  for (const key of keys) {
    const reference = recipientReference(key)
    if (typeof reference === 'string') users.push(reference)
    else objects.push(reference)
  }
  const objectKeys = sql`select * from unnest(${texts(objects.map((object) => object.collection))},
    ${texts(objects.map((object) => object.id))})`
  const rows = await query<{ key: string; properties: JsonObject }>(
    db,
    sql`select id as key, properties from users where id = any(${texts(users)})
      union all
      select collection || '#' || id, properties from objects where (collection, id) in (${objectKeys})`,
  )
  return new Map(rows.map((row) => [row.key, row.properties]))
}
