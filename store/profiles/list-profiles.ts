import { sql, type SQL } from 'drizzle-orm'
import {
  allOf,
  orderAndLimit,
  pageOfRows,
  windowConditions,
  type Order,
  type Page,
  type Window,
} from '../messages/page.ts'
import { TENANTS } from '../ids/recipient.ts'
import { json, query, type Database } from '../postgres/database.ts'
import type { PreferenceSets } from './preference-sets.ts'
import { profileColumns, type StoredProfile } from './stored-profile.ts'

/** Of one page, as JSON; a row that is larger by itself is a page of its own. */
const PAGE_BYTES = 8 * 1_024 * 1_024

/** What is listed: a table and, of objects, their collection; the objects of `$tenants` are the tenants. */
export type Listed = { table: 'users' } | { table: 'tenants' } | { table: 'objects'; collection: string }

const order: Order<StoredProfile> = {
  columns: [sql`p.id`],
  ascending: true,
  valueOf: ([id]) => sql`(${id}::text)`,
  positionOf: ({ id }) => [id],
}

/**
 * A page in the order of the ids, bytewise, of at most 8 MB: keyed by the last id, so that it stays right while others are
 * added and removed. `conditions` are on the alias `p`.
 */
export async function listProfiles(
  db: Database,
  asked: Listed,
  window: Window,
  conditions: readonly SQL[] = [],
): Promise<Page<StoredProfile>> {
  const isOfTenants = asked.table === 'objects' && asked.collection === TENANTS
  const listed: Listed = isOfTenants ? { table: 'tenants' } : asked
  const within = listed.table === 'objects' ? [sql`p.collection = ${listed.collection}`] : []
  const all = allOf([...within, ...conditions, ...windowConditions(window, order)])
  const rows = await query<StoredProfile & { more: boolean }>(
    db,
    sql`with page as (
          select ${profileColumns}, row_number() over () as n, octet_length(properties::text) as bytes
          from (select * from ${sql.raw(listed.table)} p where ${all} ${orderAndLimit(window, order)}) as found
        ), sized as (
          select *, sum(bytes) over (order by n) as total, (select count(*) from page) as found from page
        ), shown as (select * from sized where n = 1 or (n <= ${window.size} and total <= ${PAGE_BYTES}))
        select id, properties, created_at, updated_at, found > (select max(n) from shown) as more from shown order by n`,
  )
  const more = rows[0]?.more ?? false
  const profiles = rows.map(({ id, properties, created_at, updated_at }) => ({
    id,
    properties,
    created_at,
    updated_at,
  }))
  return pageOfRows(profiles, more, window, order)
}

/** Every set of these recipients, named by their keys: what `include[]=preferences` shows. At most 50 recipients a call. */
export async function allPreferenceSets(
  db: Database,
  recipients: readonly string[],
): Promise<Map<string, PreferenceSets>> {
  if (recipients.length === 0) return new Map()
  const rows = await query<{ recipient: string; sets: PreferenceSets | null }>(
    db,
    sql`select r.recipient, (select jsonb_object_agg(set_id, preferences) from (
            select set_id, preferences from preference_sets p where p.recipient = r.recipient order by set_id limit 100
          ) as first) as sets
        from jsonb_array_elements_text(${json(recipients)}) as r(recipient)`,
  )
  return new Map(rows.flatMap(({ recipient, sets }) => (sets === null ? [] : [[recipient, sets] as const])))
}
