import { sql, type SQL } from 'drizzle-orm'
import { query, texts, type Database } from '../postgres/database.ts'
import { isoText } from '../postgres/instant.ts'
import { largeBytes } from '../postgres/large-bytes.ts'
import type { StoredProfile } from './stored-profile.ts'
import { recipientReference, TENANTS } from '../ids/recipient.ts'
import type { JsonObject } from '../schema/index.ts'

/** In the store, in bytes. */
const SMALL = 2_000

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

/** The bytes of what is large of users and objects, their preferences included, by recipient key; who has nothing such is absent. */
export async function loadProfileBytes(db: Database, keys: readonly string[]): Promise<Map<string, number>> {
  if (keys.length === 0) return new Map()
  const rows = await query<{ key: string; bytes: number }>(
    db,
    sql`select key, sum(bytes)::float8 as bytes from (
          ${selectOf(keys, sql`${largeBytes(sql`properties`)} as bytes`)}
          union all
          select recipient, ${largeBytes(sql`preferences`)} from preference_sets where recipient = any(${texts(keys)})
        ) as measured (key, bytes) where bytes > 0 group by key`,
  )
  return new Map(rows.map(({ key, bytes }) => [key, bytes]))
}

/** As `loadRecipients`, of those whose properties are small; null for who has others. */
export async function loadSmallRecipients(
  db: Database,
  keys: readonly string[],
): Promise<Map<string, JsonObject | null>> {
  const small = sql`case when pg_column_size(properties) <= ${SMALL} then properties end as properties`
  const rows = await query<{ key: string; properties: JsonObject | null }>(db, selectOf(keys, small))
  return new Map(rows.map(({ key, properties }) => [key, properties]))
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
