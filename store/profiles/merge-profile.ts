import { sql, type SQL } from 'drizzle-orm'
import { query, type Database } from '../postgres/database.ts'
import type { JsonObject } from '../schema/index.ts'
import { mergeProperties } from './merge-deep.ts'

/** Whether anything is known of a user: described, notified, or asked something about them. */
export async function isKnownUser(db: Database, id: string): Promise<boolean> {
  return (await hasProfile(db, id)) || isTrue(db, sql`exists (select from recipient_runs where recipient = ${id})`)
}

/** Whether somebody described a user, or asked something about them. */
export function hasProfile(db: Database, id: string): Promise<boolean> {
  return isTrue(
    db,
    sql`exists (select from users where id = ${id})
          or exists (select from preference_sets where recipient = ${id})
          or exists (select from channel_data where recipient = ${id})
          or exists (select from subscriptions where recipient = ${id})
          or exists (select from schedules where recipient = ${id} and deleted_at is null)`,
  )
}

async function isTrue(db: Database, condition: SQL): Promise<boolean> {
  const [found] = await query<{ holds: boolean }>(db, sql`select ${condition} as holds`)
  return found!.holds
}

/**
 * Gives what is known of `from` to `into`, whose own goes before: properties at every depth, preference sets by their ids,
 * channel data by channel, subscriptions, schedules, and what throttles and first runs have counted. Nothing is left of
 * `from`. Answers the keys of users whose properties changed.
 */
export async function mergeProfile(tx: Database, from: string, into: string): Promise<string[]> {
  const rows = await query<{ id: string; properties: JsonObject }>(
    tx,
    sql`select id, properties from users where id in (${from}, ${into}) order by id for update`,
  )
  const ofId = (id: string) => rows.find((row) => row.id === id)?.properties ?? {}
  // What the primary user has lies over what the other had.
  const changed = await mergeProperties(tx, 'users', [
    { key: [into], properties: ofId(from) },
    { key: [into], properties: ofId(into) },
  ])
  for (const [table, column] of ownedTables) {
    const [owned, by] = [sql.raw(table), sql.raw(column)]
    // Not an update: what is written of the primary user at the same time goes before, too.
    await tx.execute(
      sql`with gone as (delete from ${owned} own where recipient = ${from} returning own)
          insert into ${owned}
          select (jsonb_populate_record(own, jsonb_build_object('recipient', ${into}::text))).* from gone
          order by (own).${by} on conflict do nothing`,
    )
  }
  await tx.execute(sql`update schedules set recipient = ${into} where recipient = ${from}`)
  await tx.execute(
    sql`with counted as (delete from throttles where recipient = ${from} returning throttle, ends_at, passes)
        insert into throttles as t (recipient, throttle, ends_at, passes) select ${into}, throttle, ends_at, passes from counted
        order by throttle
        on conflict (recipient, throttle) do update set passes = t.passes || excluded.passes,
          ends_at = greatest(t.ends_at, excluded.ends_at)`,
  )
  // By key, since the index begins with it.
  await tx.execute(
    sql`with begun as (
          delete from first_runs where definition_key in (select key from current_definitions) and recipient = ${from}
          returning definition_key, tenant, recipient_run_id
        )
        insert into first_runs (definition_key, recipient, tenant, recipient_run_id)
        select definition_key, ${into}, tenant, recipient_run_id from begun order by definition_key, tenant
        on conflict do nothing`,
  )
  await tx.execute(sql`delete from users where id = ${from}`)
  return changed
}

/** Tables with a row for each recipient and one thing of theirs. */
const ownedTables = [
  ['preference_sets', 'set_id'],
  ['channel_data', 'channel_id'],
  ['subscriptions', 'object'],
] as const
