import { sql } from 'drizzle-orm'
import { query, texts, type Database } from '../postgres/database.ts'
import { storePreferences } from '../../preferences/merge.ts'
import { storedPreferenceSet } from '../../preferences/preference-schema.ts'
import type { PreferenceSet, PreferenceWrite } from '../../preferences/preference-set.ts'
import { TENANTS } from '../ids/recipient.ts'
import { forgetChannelData, putChannelData, type ChannelDataByChannel } from './channel-data.ts'
import { profileColumns, type StoredProfile } from './stored-profile.ts'
import { upsertProperties } from './properties.ts'
import type { Json, JsonObject } from '../schema/index.ts'

/** What is to become of a tenant’s `settings`: branding is laid over theirs, name by name. */
export interface TenantSettings {
  branding?: JsonObject | null | undefined
  preferenceSet?: PreferenceWrite | null | undefined
}

export interface Tenant {
  id: string
  properties: JsonObject
  settings?: TenantSettings | undefined
  channelData?: ChannelDataByChannel | undefined
}

/**
 * Creates tenants, or lays the given properties over theirs; null clears, the last of several with one id wins. A
 * preference set is merged into theirs, unless it asks to replace it.
 */
export async function upsertTenants(tx: Database, given: readonly Tenant[]): Promise<void> {
  const withSettings = given.flatMap(({ id, settings }) => (settings === undefined ? [] : [{ id, settings }]))
  const stored = await lockSettings(tx, [...new Set(withSettings.map(({ id }) => id))])
  for (const { id, settings } of withSettings) stored.set(id, mergeSettings(stored.get(id) ?? {}, settings))
  const entries = given.map(({ id, properties, settings }) => {
    return { key: [id], properties: settings === undefined ? properties : { ...properties, settings: stored.get(id)! } }
  })
  await upsertProperties(tx, 'tenants', entries)
  await putChannelData(
    tx,
    given.flatMap(({ id, channelData: channels }) =>
      channels === undefined ? [] : [{ recipient: { collection: TENANTS, id }, channels }],
    ),
  )
}

/** Locks these tenants, made where they are not there, in the order of their ids. */
async function lockSettings(tx: Database, ids: readonly string[]): Promise<Map<string, JsonObject>> {
  if (ids.length === 0) return new Map()
  await tx.execute(
    sql`insert into tenants (id, properties) select id, '{}' from unnest(${texts(ids)}) as id order by id collate "C"
        on conflict (id) do nothing`,
  )
  const rows = await query<{ id: string; settings: Json }>(
    tx,
    sql`select id, properties -> 'settings' as settings from tenants where id = any(${texts(ids)}) order by id for update`,
  )
  return new Map(rows.map(({ id, settings }) => [id, objectOf(settings)]))
}

function mergeSettings(stored: JsonObject, { branding, preferenceSet }: TenantSettings): JsonObject {
  const merged = { ...stored }
  if (branding === null) delete merged['branding']
  else if (branding !== undefined) merged['branding'] = { ...objectOf(merged['branding']), ...branding }
  if (preferenceSet === null) delete merged['preference_set']
  else if (preferenceSet !== undefined) {
    const known = storedPreferenceSet.safeParse(merged['preference_set'])
    const set = storePreferences(known.success ? known.data : null, preferenceSet)
    merged['preference_set'] = set as unknown as JsonObject
  }
  return merged
}

/** What a tenant that is written as an object has as `settings`; of a preference set what can be read. */
export function settingsIn(given: Json | undefined): TenantSettings | undefined {
  if (given === undefined) return undefined
  const { branding, preference_set: set } = objectOf(given)
  const parsed = storedPreferenceSet.safeParse(set)
  return {
    branding: branding === null ? null : branding === undefined ? undefined : objectOf(branding),
    preferenceSet: set === null ? null : parsed.success ? { strategy: 'merge', set: parsed.data } : undefined,
  }
}

function objectOf(value: Json | undefined): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {}
}

/** A tenant that was set; undefined if there is none, also for one known only by a trigger. */
export async function findTenant(db: Database, id: string): Promise<StoredProfile | undefined> {
  const [found] = await query<StoredProfile>(db, sql`select ${profileColumns} from tenants where id = ${id}`)
  return found
}

/** With its channel data. Answers whether there was one. */
export async function deleteTenant(tx: Database, id: string): Promise<boolean> {
  await forgetChannelData(tx, { collection: TENANTS, id })
  return (await query(tx, sql`delete from tenants where id = ${id} returning 1`)).length > 0
}

/** Tenants as they are stored, by id; one never stored is absent. */
export async function loadTenants(
  db: Database,
  ids: readonly string[],
): Promise<Map<string, Omit<StoredProfile, 'id'>>> {
  if (ids.length === 0) return new Map()
  const rows = await query<StoredProfile>(db, sql`select ${profileColumns} from tenants where id = any(${texts(ids)})`)
  return new Map(rows.map(({ id, ...profile }) => [id, profile]))
}

/** A tenant's `settings.preference_set`; null where there is none that can be read. */
export async function tenantPreferences(db: Database, id: string): Promise<PreferenceSet | null> {
  const [row] = await query<{ set: unknown }>(
    db,
    sql`select properties -> 'settings' -> 'preference_set' as set from tenants where id = ${id}`,
  )
  const parsed = storedPreferenceSet.safeParse(row?.set)
  return parsed.success ? parsed.data : null
}
