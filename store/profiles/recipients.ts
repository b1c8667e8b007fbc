import { sql, type SQL } from 'drizzle-orm'
import { query, texts, type Database } from '../postgres/database.ts'
import { isoText } from '../postgres/instant.ts'
import type { StoredProfile } from './stored-profile.ts'
import { recipientReference, TENANTS } from '../ids/recipient.ts'
import type { JsonObject } from '../schema/index.ts'

/** The properties of users and objects, by recipient key (recipient.ts): of a merged user those of the other. Who was never stored is absent. */
export async function loadRecipients(db: Database, keys: readonly string[]): Promise<Map<string, JsonObject>> {
  const rows = await query<{ key: string; properties: JsonObject }>(db, selectOf(keys, sql`properties`))
  return new Map(rows.map(({ key, properties }) => [key, properties]))
}

/** Users and objects as they are stored, by recipient key; who was never stored is absent. */
export async function loadProfiles(
  db: Database,
  keys: readonly string[],
): Promise<Map<string, Omit<StoredProfile, 'id'>>> {
  const columns = sql`properties, ${isoText(sql`created_at`)} as created_at, ${isoText(sql`updated_at`)} as updated_at`
  const rows = await query<Omit<StoredProfile, 'id'> & { key: string }>(db, selectOf(keys, columns))
  return new Map(rows.map(({ key, ...profile }) => [key, profile]))
}

/** Selects `key`, and `columns` of users and objects alike. */
function selectOf(keys: readonly string[], columns: SQL): SQL {
  const users: string[] = []
  const objects: { collection: string; id: string }[] = []
  for (const key of keys) {
    const reference = recipientReference(key)
    if (typeof reference === 'string') users.push(reference)
    else objects.push(reference)
  }
  const tenants = objects.filter(({ collection }) => collection === TENANTS).map(({ id }) => id)
  const objectKeys = sql`select * from unnest(${texts(objects.map((object) => object.collection))},
    ${texts(objects.map((object) => object.id))})`
  return sql`select id as key, ${columns} from users where id = any(${texts(users)})
      union all
      select g.from_id, ${columns} from merged_users g join users on users.id = g.into_id where g.from_id = any(${texts(users)})
      union all
      select collection || '#' || id, ${columns} from objects where (collection, id) in (${objectKeys})
        and collection <> ${TENANTS}
      union all
      select ${`${TENANTS}#`} || id, ${columns} from tenants where id = any(${texts(tenants)})`
}
