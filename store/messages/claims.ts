import { sql, type SQL } from 'drizzle-orm'
import { at, json, query, type Database } from '../postgres/database.ts'
import type { MessageKey } from '../ids/message-id.ts'
import type { JsonObject } from '../schema/index.ts'

/** A message at the revision somebody believes it has. */
export interface Believed extends MessageKey {
  revision: number
}

/** What was claimed, and what it says: read at the claim, so that no more is in memory than is being sent. */
export interface ClaimedMessage extends Believed {
  content: JsonObject
  stepRef: string
  /** The batch whose activities it contains, as of this revision of it; null: it is its recipient run's own. */
  batchId: number | null
  batchRevision: number | null
  /** An activity has left the batch since the content was rendered. */
  isOutdated: boolean
}

/** Message keys as a table `x (r, n, v, c)`, in the order in which everybody locks messages. */
function given(keys: readonly (MessageKey & { revision?: number; claim?: string | null })[]): SQL {
  const rows = keys.map(({ recipientRunId: r, number: n, revision: v, claim: c }) => ({ r, n, v, c }))
  return sql`jsonb_to_recordset(${json(rows)}) as x(r bigint, n smallint, v integer, c text)`
}

/** As it was loaded; a claim raises no revision. */
export interface ToClaim extends Believed {
  /** Who had it; null: nobody. */
  claim: string | null
}

/**
 * Claims messages for one send each, until `leaseUntil`. Left out, and not to be sent: what somebody else has (a cancel, a
 * move, another worker whose lease still runs), or has had since it was loaded. A lease that ran out is a dead worker's, and
 * is taken over; the message remembers that it may have been sent.
 */
export async function claimMessages(
  db: Database,
  messages: readonly ToClaim[],
  owner: string,
  { now, leaseUntil }: { now: number; leaseUntil: number },
): Promise<ClaimedMessage[]> {
  return query<ClaimedMessage>(
    db,
    sql`with free as materialized (
          select m.recipient_run_id, m.number from messages m join ${given(messages)}
            on m.recipient_run_id = x.r and m.number = x.n and m.revision = x.v and m.claim is not distinct from x.c
          where m.status = 'queued' and m.cancel_id is null and (m.claim is null or m.lease_until <= ${at(now)})
          order by m.recipient_run_id, m.number for update of m
        )
        update messages m set may_have_been_sent = m.may_have_been_sent or m.claim is not null,
          claim = ${owner}, lease_until = ${at(leaseUntil)}, updated_at = ${at(now)}
        from free where m.recipient_run_id = free.recipient_run_id and m.number = free.number
        returning m.recipient_run_id as "recipientRunId", m.number, m.revision, m.content, m.step_ref as "stepRef",
          m.batch_id as "batchId", m.batch_revision as "batchRevision",
          m.batch_rendered is distinct from m.batch_revision as "isOutdated"`,
  )
}

/** Waits until what is being recorded of these messages at this moment is seen, or was given up. */
export async function awaitRecords(db: Database, messages: readonly MessageKey[]): Promise<void> {
  if (messages.length === 0) return
  await db.execute(
    sql`select from messages m join ${given(messages)} on m.recipient_run_id = x.r and m.number = x.n
        where m.status = 'queued' order by m.recipient_run_id, m.number for share of m`,
  )
}

/** Lengthens the leases of sends under way, at the revisions at which they were claimed. A lease that was lost stays lost. */
export async function renewLeases(
  db: Database,
  messages: readonly Believed[],
  owner: string,
  leaseUntil: number,
): Promise<void> {
  await db.execute(
    sql`update messages m set lease_until = ${at(leaseUntil)} from (
          select m.recipient_run_id, m.number from messages m join ${given(messages)}
            on m.recipient_run_id = x.r and m.number = x.n and m.revision = x.v
          where m.status = 'queued' and m.claim = ${owner}
          order by m.recipient_run_id, m.number for update of m
        ) mine where m.recipient_run_id = mine.recipient_run_id and m.number = mine.number`,
  )
}
