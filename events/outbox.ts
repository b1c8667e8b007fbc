import { sql } from 'drizzle-orm'
import { randomUUID } from 'node:crypto'
import type { WebhookEndpoint, WebhookEventType } from '../settings/webhook-endpoints.ts'
import { at, json, onCommit, type Database } from '../store/postgres/database.ts'
import type { JsonObject } from '../store/schema/index.ts'
import { notifyFeeds, type FeedChange } from './feed-changes.ts'

/** Where events go. Without endpoints nothing is written, and nobody is woken. */
export interface Outbox {
  readonly endpoints: readonly WebhookEndpoint[]
  /** Events for these endpoints, by their keys, have been committed. Returns at once, never throws. */
  wake(endpoints: ReadonlySet<string>): void
  /** These signals to runs have been committed; absent: housekeeping sends them. Returns at once, never throws. */
  wakeRuns?: ((signalIds: readonly number[]) => void) | undefined
}

/** Where nobody listens: nothing is written. */
export const noOutbox: Outbox = { endpoints: [], wake: () => undefined }

/** Something to tell of a recipient run, or of one of its messages. */
export interface OutboxEvent {
  type: WebhookEventType
  recipientRunId: number
  number?: number
  data?: JsonObject | null
  /** Of an in-app message: what it is to whoever looks at the feed. */
  feed?: FeedChange | undefined
}

/**
 * Writes events, in one statement, in the transaction of what they tell: both are there or neither. Once that is
 * committed, whoever delivers is woken, and whoever looks at a feed in which something changed is told.
 */
export async function recordEvents(
  tx: Database,
  outbox: Outbox,
  now: number,
  events: () => readonly OutboxEvent[],
): Promise<void> {
  const recorded = events()
  const changed = []
  for (const { feed: change, recipientRunId, number } of recorded) {
    if (change !== undefined && number !== undefined) changed.push({ change, recipientRunId, number })
  }
  await notifyFeeds(tx, changed)
  if (outbox.endpoints.length === 0) return
  const rows = recorded.flatMap(({ type, recipientRunId, number, data }) => {
    const event = { e: randomUUID(), t: type, r: recipientRunId, n: number, d: data ?? undefined }
    return outbox.endpoints.filter((endpoint) => endpoint.events.has(type)).map(({ key }) => ({ ...event, k: key }))
  })
  if (rows.length === 0) return
  await tx.execute(
    sql`insert into webhook_events (event_id, endpoint, type, recipient_run_id, number, data, created_at, due)
        select x.e, x.k, x.t, x.r, x.n, x.d, ${at(now)}, ${at(now)}
        from jsonb_to_recordset(${json(rows)}) as x(e uuid, k text, t text, r bigint, n smallint, d jsonb)`,
  )
  onCommit(tx, () => outbox.wake(new Set(rows.map(({ k }) => k))))
}
