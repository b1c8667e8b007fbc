import { z } from 'zod'
import { collectionName, objectId, tenantId, userId } from '../resources/ids.ts'
import { tenantRequest } from '../resources/tenant.ts'
import { profileRequest } from '../resources/user.ts'
import { isPartOfSet } from '../preferences/preference-schema.ts'
import type { PreferenceWrite } from '../preferences/preference-set.ts'
import { zodErrorMap } from '../settings/zod-error-map.ts'
import type { ProfileUpdate, Updated, Walk } from '../steps/kind.ts'
import type { JsonObject } from '../store/schema/index.ts'
import { transaction, type Database } from '../store/postgres/database.ts'
import { mergeProperties, profileTables, type ProfileTable } from '../store/profiles/merge-deep.ts'
import { putPreferenceSets, type PreferenceWrites } from '../store/profiles/preference-sets.ts'
import { upsertTenants } from '../store/profiles/tenants.ts'
import { ProfileTooLargeError } from '../store/profiles/too-large.ts'
import { offerChanges } from '../store/waits/offer-events.ts'
import type { EngineDeps } from './deps.ts'
import { claimsHold } from '../store/recipient-runs/claims.ts'

/** An update that a step of a recipient run asks for. */
export interface StepUpdate {
  walk: Walk
  update: ProfileUpdate
}

interface Checked {
  row: Pick<Walk['row'], 'id' | 'revision' | 'batchId'>
  table: ProfileTable
  key: string[]
  properties: JsonObject
  preferences: PreferenceWrites | undefined
  /** A tenant's own; null removes it. */
  preferenceSet?: PreferenceWrite | null | undefined
}

/**
 * Carries out updates of steps whose rows `owner` holds, in one transaction; a row that was canceled meanwhile updates nothing.
 * Answers for each, in their order. Preferences are merged; channel data is refused.
 */
export async function updateFromSteps(
  { db, now, outbox }: Pick<EngineDeps, 'now' | 'outbox'> & { db: Database },
  owner: string,
  updates: readonly StepUpdate[],
): Promise<Updated[]> {
  const checked = updates.map(check)
  const answers = checked.map((each): Updated => (typeof each === 'string' ? { problem: each } : GONE))
  let good = checked.filter((each): each is Checked => typeof each !== 'string')
  while (good.length > 0) {
    try {
      const held = await transaction(db, async (tx) => {
        const { changed, rows } = await write(tx, owner, good)
        await offerChanges(tx, changed, now(), outbox)
        return rows
      })
      checked.forEach((each, index) => {
        if (typeof each !== 'string' && good.includes(each) && held.has(each.row.id)) answers[index] = 'updated'
      })
      break
    } catch (error) {
      if (!(error instanceof ProfileTooLargeError)) throw error
      const large = new Set(error.ids)
      const left = good.filter(({ key }) => !large.has(key.join('#')))
      if (left.length === good.length) throw error
      checked.forEach((each, index) => {
        if (typeof each !== 'string' && large.has(each.key.join('#'))) answers[index] = { problem: error.message }
      })
      good = left
    }
  }
  return answers
}

/** Answers the keys of users and objects that changed, and the rows that were held. */
async function write(
  tx: Database,
  owner: string,
  all: readonly Checked[],
): Promise<{ changed: string[]; rows: Set<number> }> {
  const held = await claimsHold(
    tx,
    all.map(({ row }) => row),
    owner,
  )
  const mine = all.filter(({ row }) => held.has(row.id))
  const recipients: string[] = []
  for (const table of profileTables) {
    const entries = mine.filter((each) => each.table === table)
    const changed = await mergeProperties(tx, table, entries)
    if (table !== 'tenants') recipients.push(...changed)
  }
  await upsertTenants(
    tx,
    mine.flatMap(({ key, preferenceSet }) =>
      preferenceSet === undefined ? [] : [{ id: key[0]!, properties: {}, settings: { preferenceSet } }],
    ),
  )
  await putPreferenceSets(
    tx,
    mine.flatMap(({ key, preferences }) => {
      if (preferences === undefined) return []
      const [first, second] = key
      const recipient = second === undefined ? first! : { collection: first!, id: second }
      return [{ recipient, sets: preferences }]
    }),
  )
  return { changed: recipients, rows: held }
}

/** Of a row that somebody else has by now. */
const GONE: Updated = { skipped: 'canceled before it was updated' }

/** A text says what is wrong. */
function check({ walk, update }: StepUpdate): Checked | string {
  const { collection, id, properties } = update
  const { row } = walk
  const key = keyOf(collection, id)
  if (typeof key === 'string') return key
  if ('channel_data' in properties) return 'update_properties.channel_data cannot be updated by a step'
  if (key.table === 'tenants') return ofTenant(row, key, properties)
  const parsed = profileRequest.safeParse(bySetId(properties), { error: zodErrorMap })
  if (!parsed.success) return sentences('update_properties', parsed.error)
  // What is unset there stands in nobody's way here.
  const { properties: checked, preferences } = parsed.data
  return { row, ...key, properties: checked, preferences: merging(preferences) }
}

/** As Knock writes it, a set stands in `preferences` itself; the API has it below its id. */
function bySetId(properties: JsonObject): JsonObject {
  const given = properties['preferences']
  if (typeof given !== 'object' || given === null || !Object.keys(given).some(isPartOfSet)) return properties
  return { ...properties, preferences: { default: given } }
}

/** As Knock writes it, a tenant's set stands beside the properties; the API has it in `settings`. */
function ofTenant(row: Checked['row'], key: Pick<Checked, 'table' | 'key'>, given: JsonObject): Checked | string {
  const { preference_set: set, ...others } = bySetId(given)
  const beside = typeof others['settings'] === 'object' ? (others['settings'] as JsonObject | null) : null
  const properties = set === undefined ? others : { ...others, settings: { ...beside, preference_set: set } }
  const parsed = tenantRequest.safeParse(properties, { error: zodErrorMap })
  if (!parsed.success) return sentences('update_properties', parsed.error)
  const { properties: checked, settings: { branding, preferenceSet } = {} } = parsed.data
  const merged = branding === undefined ? checked : { ...checked, settings: { branding } }
  const own = preferenceSet && { ...preferenceSet, strategy: 'merge' as const }
  return { row, ...key, properties: merged, preferences: undefined, preferenceSet: own }
}

function keyOf(collection: string, id: string): { table: ProfileTable; key: string[] } | string {
  const isUser = collection === '$users'
  const checked = (isUser ? userId : collection === '$tenants' ? tenantId : objectId).safeParse(id, {
    error: zodErrorMap,
  })
  if (!checked.success) return sentences('recipient_gid', checked.error)
  if (isUser || collection === '$tenants') return { table: isUser ? 'users' : 'tenants', key: [id] }
  const named = collectionName.safeParse(collection, { error: zodErrorMap })
  return named.success ? { table: 'objects', key: [collection, id] } : sentences('recipient_gid', named.error)
}

function merging(sets: PreferenceWrites | undefined): PreferenceWrites | undefined {
  if (sets === undefined) return undefined
  return Object.fromEntries(Object.entries(sets).map(([id, { set }]) => [id, { strategy: 'merge' as const, set }]))
}

function sentences(field: string, { issues }: z.ZodError): string {
  const all = issues.map(({ path, message }) => `${[field, ...path].join('.')} ${message}`)
  return all.slice(0, 10).join('; ')
}
