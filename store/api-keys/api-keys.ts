import { sql } from 'drizzle-orm'
import { createHash, randomBytes } from 'node:crypto'
import { at, json, query, type Database } from '../postgres/database.ts'
import { isoText } from '../postgres/instant.ts'
import type { Scope } from './scopes.ts'

/** A key as it is listed; instants are ISO 8601. */
export interface ApiKeyRow {
  name: string
  hint: string
  scopes: Scope[]
  created_at: string
  revoked_at: string | null
}

/** Keys that are not revoked; each api holds them all in memory. */
export const MOST_KEYS = 1_000
const HINT_CHARACTERS = 7

/**
 * What is kept of a key. Plain SHA-256: a key is 192 random bits, so there is no dictionary that a salt or a slow hash
 * would have to slow down, and it is found by its hash.
 */
export function keyHash(key: string): string {
  return createHash('sha256').update(key).digest('hex')
}

const columns = sql`name, hint, scopes, ${isoText(sql`created_at`)} as created_at, ${isoText(sql`revoked_at`)} as revoked_at`

/**
 * Makes a key and answers it, the only time it is told. `taken`: a key has this name or had it; `full`: there are
 * MOST_KEYS.
 */
export async function createApiKey(
  db: Database,
  { name, scopes }: { name: string; scopes: readonly Scope[] },
  now: number,
): Promise<{ key: string; row: ApiKeyRow } | 'taken' | 'full'> {
  const key = `sk_${randomBytes(24).toString('base64url')}`
  const [{ count } = { count: 0 }] = await query<{ count: number }>(
    db,
    sql`select count(*)::int as count from api_keys where revoked_at is null`,
  )
  if (count >= MOST_KEYS) return 'full'
  const [row] = await query<ApiKeyRow>(
    db,
    sql`insert into api_keys (name, hash, hint, scopes, created_at)
        values (${name}, ${keyHash(key)}, ${key.slice(0, HINT_CHARACTERS)}, ${json([...new Set(scopes)])}, ${at(now)})
        on conflict (name) do nothing returning ${columns}`,
  )
  return row === undefined ? 'taken' : { key, row }
}

/** Those in use in the order of their names, then as many of those revoked last. */
export function listApiKeys(db: Database): Promise<ApiKeyRow[]> {
  return query<ApiKeyRow>(
    db,
    sql`(select ${columns} from api_keys where revoked_at is null order by name limit ${MOST_KEYS})
        union all
        (select ${columns} from api_keys where revoked_at is not null order by api_keys.revoked_at desc, name limit ${MOST_KEYS})`,
  )
}

/** Ends a key for good; a second time changes nothing. Undefined: no key has this name. */
export async function revokeApiKey(db: Database, name: string, now: number): Promise<ApiKeyRow | undefined> {
  const [row] = await query<ApiKeyRow>(
    db,
    sql`update api_keys set revoked_at = coalesce(revoked_at, ${at(now)}) where name = ${name} returning ${columns}`,
  )
  return row
}

/** The keys that are let in, by their hashes. */
export async function usableApiKeys(db: Database): Promise<Map<string, { name: string; scopes: ReadonlySet<Scope> }>> {
  const rows = await query<{ name: string; hash: string; scopes: Scope[] }>(
    db,
    sql`select name, hash, scopes from api_keys where revoked_at is null order by name limit ${MOST_KEYS}`,
  )
  return new Map(rows.map(({ name, hash, scopes }) => [hash, { name, scopes: new Set(scopes) }]))
}
