import { sql } from 'drizzle-orm'
import { json, query, type Database } from '../postgres/database.ts'
import type { JsonObject } from '../schema/index.ts'

export interface IdempotentRequest {
  /** Method and path, and who called. */
  scope: string
  key: string
  /** Of the body. */
  hash: string
  requestId: string
}

export interface Replay {
  hash: string
  requestId: string
  response: JsonObject
}

const HOURS = 24
/** How long a repeat waits for the first to end. */
export const WAIT_MS = 2_000

/**
 * Takes the key in the caller's transaction, before anything else. A concurrent request with the same key waits here
 * until that transaction ends, up to 2 s (then 55P03, lock not available). Answers the first response if there is one.
 */
export async function takeKey(tx: Database, request: IdempotentRequest): Promise<Replay | null> {
  await tx.execute(sql.raw(`set local lock_timeout = ${WAIT_MS}`))
  const taken = await query(
    tx,
    sql`insert into idempotency_keys (scope, key, hash, request_id, response)
        values (${request.scope}, ${request.key}, ${request.hash}, ${request.requestId}, '{}'::jsonb)
        on conflict (scope, key) do update
          set hash = excluded.hash, request_id = excluded.request_id, response = excluded.response, created_at = now()
          where idempotency_keys.created_at < now() - ${HOURS} * interval '1 hour'
        returning 1`,
  )
  await tx.execute(sql.raw('set local lock_timeout = 10000'))
  if (taken.length > 0) return null
  return findAnswer(tx, request)
}

/** The first response to a key, if it has been given; nothing is taken or waited for. */
export async function findAnswer(
  db: Database,
  { scope, key }: Pick<IdempotentRequest, 'scope' | 'key'>,
): Promise<Replay | null> {
  const [first] = await query<Replay>(
    db,
    sql`select hash, request_id as "requestId", response from idempotency_keys
        where scope = ${scope} and key = ${key} and created_at >= now() - ${HOURS} * interval '1 hour'`,
  )
  return first ?? null
}

/** Keeps the answer, in the same transaction: only what is committed is replayed. */
export async function keepAnswer(tx: Database, { scope, key }: IdempotentRequest, response: object): Promise<void> {
  await tx.execute(
    sql`update idempotency_keys set response = ${json(response)} where scope = ${scope} and key = ${key}`,
  )
}
