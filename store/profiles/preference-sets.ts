import { sql } from 'drizzle-orm'
import { storePreferences } from '../../preferences/merge.ts'
import type { PreferenceSet, PreferenceWrite } from '../../preferences/preference-set.ts'
import { recipientKey, TENANTS, type RecipientReference } from '../ids/recipient.ts'
import { json, query, texts, type Database } from '../postgres/database.ts'
import { assertPreferenceRoom, MAX_PREFERENCE_SETS } from './preference-room.ts'
import { tenantPreferences, upsertTenants } from './tenants.ts'

/** What is to become of a recipient's sets, by set id. */
export type PreferenceWrites = Readonly<Record<string, PreferenceWrite>>

export interface PreferenceEntry {
  recipient: RecipientReference
  sets: PreferenceWrites
}

/** By set id. */
export type PreferenceSets = Readonly<Record<string, PreferenceSet>>

/**
 * Replaces sets, or lays what is given over those there are, entry by entry; several for one set apply in their order. In
 * key order, so that writers never deadlock, and none loses what another lays down at the same time. Throws a
 * ProfileTooLargeError where somebody would have more than one may have.
 */
export async function putPreferenceSets(tx: Database, given: readonly PreferenceEntry[]): Promise<void> {
  await layPreferenceSets(tx, given)
  const written = [...new Set(given.map(({ recipient }) => recipientKey(recipient)))]
  if (written.length > 0) await assertPreferenceRoom(tx, written)
}

/** As `putPreferenceSets`, however much there is: whoever wants less is always heard. */
export async function layPreferenceSets(tx: Database, given: readonly PreferenceEntry[]): Promise<void> {
  const entries = await withoutTenants(tx, given)
  const writes = new Map<string, { r: string; s: string; writes: PreferenceWrite[] }>()
  for (const { recipient, sets } of entries) {
    const r = recipientKey(recipient)
    for (const [s, write] of Object.entries(sets)) {
      const key = JSON.stringify([r, s])
      const known = writes.get(key)
      if (known === undefined) writes.set(key, { r, s, writes: [write] })
      else known.writes.push(write)
    }
  }
  if (writes.size === 0) return
  const all = [...writes.values()]
  const stored = await lockMerged(
    tx,
    all.filter(({ writes: [first] }) => first!.strategy === 'merge'),
  )
  const rows = all.map(({ r, s, writes }) => {
    const start = stored.get(JSON.stringify([r, s])) ?? null
    return { r, s, p: writes.reduce<PreferenceSet | null>(storePreferences, start) }
  })
  await tx.execute(
    sql`insert into preference_sets (recipient, set_id, preferences)
        select x.r, x.s, x.p from jsonb_to_recordset(${json(rows)}) as x(r text, s text, p jsonb)
        order by x.r collate "C", x.s collate "C"
        on conflict (recipient, set_id) do update set preferences = excluded.preferences
        where preference_sets.preferences is distinct from excluded.preferences`,
  )
}

/** A tenant's set `default` is `settings.preference_set` of theirs, where all look for it; the rest is left. */
async function withoutTenants(tx: Database, given: readonly PreferenceEntry[]): Promise<PreferenceEntry[]> {
  const left: PreferenceEntry[] = []
  for (const { recipient, sets } of given) {
    const { default: own, ...others } = sets
    if (own === undefined || typeof recipient === 'string' || recipient.collection !== TENANTS) {
      left.push({ recipient, sets })
      continue
    }
    await upsertTenants(tx, [{ id: recipient.id, properties: {}, settings: { preferenceSet: own } }])
    left.push({ recipient, sets: others })
  }
  return left
}

const isOwnOfTenant = (recipient: RecipientReference, id: string): recipient is { collection: string; id: string } =>
  id === 'default' && typeof recipient !== 'string' && recipient.collection === TENANTS

/** The sets that are merged into, locked; one that was not there is made, empty, so that it can be. */
async function lockMerged(
  tx: Database,
  keys: readonly { r: string; s: string }[],
): Promise<Map<string, PreferenceSet>> {
  if (keys.length === 0) return new Map()
  const wanted = json(keys.map(({ r, s }) => ({ r, s })))
  await tx.execute(
    sql`insert into preference_sets (recipient, set_id, preferences)
        select x.r, x.s, '{}' from jsonb_to_recordset(${wanted}) as x(r text, s text)
        order by x.r collate "C", x.s collate "C" on conflict (recipient, set_id) do nothing`,
  )
  const rows = await query<{ recipient: string; id: string; preferences: PreferenceSet }>(
    tx,
    sql`select recipient, set_id as id, preferences from preference_sets
        where (recipient, set_id) in (select x.r, x.s from jsonb_to_recordset(${wanted}) as x(r text, s text))
        order by recipient, set_id for update`,
  )
  return new Map(rows.map(({ recipient, id, preferences }) => [JSON.stringify([recipient, id]), preferences]))
}

/** A recipient's set, if there is one. */
export async function findPreferenceSet(
  db: Database,
  recipient: RecipientReference,
  id: string,
): Promise<PreferenceSet | null> {
  if (isOwnOfTenant(recipient, id)) return tenantPreferences(db, recipient.id)
  const [row] = await query<{ preferences: PreferenceSet }>(
    db,
    sql`select preferences from preference_sets where recipient = ${recipientKey(recipient)} and set_id = ${id}`,
  )
  return row?.preferences ?? null
}

/** The first 1,000 of a recipient's sets, in the order of their ids. */
export async function listPreferenceSets(
  db: Database,
  recipient: RecipientReference,
): Promise<{ id: string; preferences: PreferenceSet }[]> {
  const own = isOwnOfTenant(recipient, 'default') ? await tenantPreferences(db, recipient.id) : null
  const listed = await query<{ id: string; preferences: PreferenceSet }>(
    db,
    sql`select set_id as id, preferences from preference_sets where recipient = ${recipientKey(recipient)}
        order by set_id limit ${MAX_PREFERENCE_SETS}`,
  )
  return own === null ? listed : [{ id: 'default', preferences: own }, ...listed]
}

/** Within the caller's transaction. */
export async function deletePreferenceSet(db: Database, recipient: RecipientReference, id: string): Promise<void> {
  if (isOwnOfTenant(recipient, id)) {
    await upsertTenants(db, [{ id: recipient.id, properties: {}, settings: { preferenceSet: null } }])
  }
  await db.execute(sql`delete from preference_sets where recipient = ${recipientKey(recipient)} and set_id = ${id}`)
}

/** Forgets all sets of these recipients, named by their keys. */
export async function forgetPreferenceSets(tx: Database, recipients: readonly string[]): Promise<void> {
  await tx.execute(sql`delete from preference_sets where recipient = any(${texts(recipients)})`)
}

/** The sets with these ids of recipients named by their keys, of a merged user those of the other; who has none is absent. One statement. */
export async function loadPreferenceSets(
  db: Database,
  recipients: readonly string[],
  setIds: readonly string[],
): Promise<Map<string, PreferenceSets>> {
  if (recipients.length === 0) return new Map()
  const rows = await query<{ recipient: string; sets: PreferenceSets }>(
    db,
    sql`with named as (select value as recipient from jsonb_array_elements_text(${json(recipients)})),
          owned as (
            select recipient, recipient as owner from named
            union all
            select g.from_id, g.into_id from named join merged_users g on g.from_id = named.recipient
          ),
          found as (
            select o.recipient, p.set_id, p.preferences from owned o join preference_sets p on p.recipient = o.owner
            where p.set_id = any(${texts(setIds)})
            union all
            select n.recipient, 'default', t.properties -> 'settings' -> 'preference_set'
            from named n join tenants t on t.id = substr(n.recipient, ${`${TENANTS}#`.length + 1})
            where starts_with(n.recipient, ${`${TENANTS}#`}) and 'default' = any(${texts(setIds)})
              and jsonb_typeof(t.properties -> 'settings' -> 'preference_set') = 'object'
          )
        select recipient, jsonb_object_agg(set_id, preferences) as sets from found group by recipient`,
  )
  return new Map(rows.map(({ recipient, sets }) => [recipient, sets]))
}
