import { asc, eq, inArray, sql } from 'drizzle-orm'
import type { Catalog, Channel } from '../../definitions/catalog.ts'
import { DEFINITION_FORMAT, type DefinitionVersion } from '../../definitions/definition.ts'
import type { ChannelType } from '../../definitions/channel-types.ts'
import { publishWhole } from './published.ts'
import { texts, transaction, type Database } from '../postgres/database.ts'
import { channels, currentDefinitions, definitions, type JsonObject } from '../schema/index.ts'

/**
 * Stores what an api read, for the workers and for other apis; answers the version they go by. A version of a definition
 * already there stays as it is; a channel is what the last api says it is; nothing is removed, since triggers still under
 * way may need it. Publishers wait for each other.
 */
export async function publishCatalog(db: Database, catalog: Catalog, now = Date.now()): Promise<number> {
  // Rows in one order, so that apis that start at once do not wait for each other in a circle.
  const versions = [...catalog.definitions.values()].sort((a, b) => (a.hash < b.hash ? -1 : 1))
  const published = (catalog.withoutChannels === true ? [] : [...catalog.channels]).sort((a, b) =>
    a.key < b.key ? -1 : 1,
  )
  return transaction(db, async (tx) => {
    const version = await publishWhole(tx, catalog, now)
    const there = await storedOf(tx, versions)
    const missing = versions.filter(({ hash }) => !there.has(hash))
    if (missing.length > 0) {
      const rows = missing.map(({ hash, versionId, definition }) => ({
        hash,
        key: definition.key,
        versionId,
        format: DEFINITION_FORMAT,
        content: definition,
        createdAt: new Date(now),
      }))
      await tx.insert(definitions).values(rows).onConflictDoNothing()
    }
    await publishCurrent(tx, versions, [...(catalog.leftOut?.keys() ?? [])], new Date(now))
    for (const channel of published) {
      const row = { ...channel, settings: channel.settings as JsonObject }
      const { key: _key, ...changed } = row
      await tx
        .insert(channels)
        .values(row)
        .onConflictDoUpdate({ target: channels.key, set: { ...changed, updatedAt: sql`now()` }, setWhere: differs })
    }
    return version
  })
}

/** The hashes among these that are stored: their contents need not travel again. */
async function storedOf(tx: Database, versions: readonly DefinitionVersion[]): Promise<Set<string>> {
  const hashes = versions.map(({ hash }) => hash)
  const rows = await tx.select({ hash: definitions.hash }).from(definitions).where(inArray(definitions.hash, hashes))
  return new Set(rows.map(({ hash }) => hash))
}

/**
 * What new triggers start with from now on. A key whose file is gone is archived: who sleeps in it ends when resumed. One
 * that is left out for its mistakes stays as it was: who sleeps in it sleeps on.
 */
async function publishCurrent(
  tx: Database,
  versions: readonly DefinitionVersion[],
  leftOut: readonly string[],
  updatedAt: Date,
): Promise<void> {
  const keys = [...versions.map(({ definition }) => definition.key), ...leftOut]
  await tx
    .update(currentDefinitions)
    .set({ archived: true, updatedAt })
    .where(sql`${currentDefinitions.key} <> all(${texts(keys)}) and not ${currentDefinitions.archived}`)
  if (versions.length === 0) return
  const rows = versions
    .map(({ hash, definition: { key, active } }) => ({ key, hash, active, archived: false, updatedAt }))
    .sort((a, b) => (a.key < b.key ? -1 : 1))
  await tx
    .insert(currentDefinitions)
    .values(rows)
    .onConflictDoUpdate({
      target: currentDefinitions.key,
      set: {
        hash: sql`excluded.hash`,
        active: sql`excluded.active`,
        archived: sql`excluded.archived`,
        updatedAt: sql`excluded.updated_at`,
      },
      setWhere: sql`(${currentDefinitions.hash}, ${currentDefinitions.active}, ${currentDefinitions.archived})
        is distinct from (excluded.hash, excluded.active, excluded.archived)`,
    })
}

const differs = sql`(${channels.id}, ${channels.type}, ${channels.name}, ${channels.provider}, ${channels.settings})
  is distinct from (excluded.id, excluded.type, excluded.name, excluded.provider, excluded.settings)`

/** A hash stands for one content for ever, in every store: what was read once is kept. */
const known = new Map<string, DefinitionVersion>()
const KNOWN_MAX = 1_000

/** Versions by hash; one the store does not have is missing from the map. */
export async function loadDefinitions(db: Database, hashes: string[]): Promise<Map<string, DefinitionVersion>> {
  const found = new Map(hashes.flatMap((hash) => (known.has(hash) ? [[hash, known.get(hash)!] as const] : [])))
  const unknown = hashes.filter((hash) => !found.has(hash))
  if (unknown.length === 0) return found
  if (known.size > KNOWN_MAX) known.clear()
  const rows = await db.select().from(definitions).where(inArray(definitions.hash, unknown))
  for (const { hash, versionId, content } of rows) {
    const version = { hash, versionId, definition: content }
    found.set(hash, version)
    known.set(hash, version)
  }
  return found
}

/** True if any version of this key was ever published. */
export async function definitionKnown(db: Database, key: string): Promise<boolean> {
  const rows = await db.select({ key: definitions.key }).from(definitions).where(eq(definitions.key, key)).limit(1)
  return rows.length > 0
}

/** The channels as last published, by key. */
export async function loadChannels(db: Database): Promise<Channel[]> {
  const rows = await db.select().from(channels).orderBy(asc(channels.key))
  return rows.map(({ key, id, type, name, provider, settings }) => {
    return { key, id, type: type as ChannelType, name, provider, settings }
  })
}
