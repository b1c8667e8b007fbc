import { sql } from 'drizzle-orm'
import type { Catalog } from '../../definitions/catalog.ts'
import { DEFINITION_FORMAT } from '../../definitions/definition.ts'
import { at, json, query, type Database } from '../postgres/database.ts'
import { named } from '../postgres/statement.ts'

/** A catalog as it is kept: its definitions by hash, in their order. */
export interface PublishedContent {
  format: number
  definitions: [key: string, hash: string][]
  channels: Catalog['channels']
  preferences: Catalog['preferences'] | null
  warnings: readonly string[]
  leftOut: [key: string, problems: NonNullable<Catalog['problems']>][]
  problems: NonNullable<Catalog['problems']>
  withoutChannels: boolean
}

/** Writes the folder as a whole and locks its row; answers its version, which grows with every change of its content. */
export async function publishWhole(tx: Database, catalog: Catalog, now: number): Promise<number> {
  const content: PublishedContent = {
    format: DEFINITION_FORMAT,
    definitions: [...catalog.definitions].map(([key, { hash }]) => [key, hash]),
    channels: catalog.channels,
    preferences: catalog.preferences ?? null,
    warnings: catalog.warnings ?? [],
    leftOut: [...(catalog.leftOut ?? [])],
    problems: catalog.problems ?? [],
    withoutChannels: catalog.withoutChannels === true,
  }
  const [row] = await query<{ version: number }>(
    tx,
    named(
      'publish catalog',
      sql`insert into published_catalog as known (one, version, content, updated_at)
        values (true, 1, ${json(content)}, ${at(now)})
        on conflict (one) do update set
          version = known.version + (known.content is distinct from excluded.content)::int,
          content = excluded.content, updated_at = excluded.updated_at
        returning version`,
    ),
  )
  return row!.version
}

/** The version of the folder that was published last; 0: none was. */
export async function publishedVersion(db: Database): Promise<number> {
  const rows = await query<{ version: number }>(
    db,
    named('published version', sql`select version from published_catalog`),
  )
  return rows[0]?.version ?? 0
}

/** The folder as it was published last, but for the content of its definitions. */
export async function loadPublished(db: Database): Promise<{ version: number; content: PublishedContent } | null> {
  const rows = await query<{ version: number; content: PublishedContent }>(
    db,
    named('published catalog', sql`select version, content from published_catalog`),
  )
  return rows[0] ?? null
}
