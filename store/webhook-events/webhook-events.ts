import { sql } from 'drizzle-orm'
import type { WebhookEventType } from '../../settings/webhook-endpoints.ts'
import { ids, json, query, texts, type Database } from '../postgres/database.ts'
import { triggerOf } from '../ids/row-id.ts'
import { isoText } from '../postgres/instant.ts'
import type { JsonObject } from '../schema/index.ts'

/** Kept so long: events given up, and those of endpoints that are no longer set. */
const KEPT_DAYS = 30

export interface DueEvent {
  id: number
  eventId: string
  type: WebhookEventType
  recipientRunId: number
  /** Null for an event of the recipient run. */
  number: number | null
  data: JsonObject | null
  /** ISO 8601. */
  createdAt: string
  /** Failed attempts. */
  attempt: number
  /** Of the data that is told with it; null once its recipient run is gone. */
  bytes: number | null
}

/** What is due for an endpoint, oldest first. */
export async function loadDueEvents(db: Database, endpoint: string, limit: number): Promise<DueEvent[]> {
  return query<DueEvent>(
    db,
    sql`select e.id, e.event_id as "eventId", e.type, e.recipient_run_id as "recipientRunId", e.number,
          ${isoText(sql`e.created_at`)} as "createdAt", e.attempt,
          case when e.type = 'workflow_recipient_run.cancelled'
            then (select jsonb_build_object('api_key', c.api_key, 'reason', c.reason) from recipient_runs r
              join cancels c on c.id = r.cancel_id where r.id = e.recipient_run_id)
            else e.data end as data,
          case when e.number is null then 0 else (select t.data_size + coalesce(octet_length(r.trigger_data::text), 0)
            from recipient_runs r join triggers t on t.id = ${triggerOf('r.id')} where r.id = e.recipient_run_id)
            end as bytes
        from webhook_events e
        where e.endpoint = ${endpoint} and e.given_up_at is null and e.due <= now()
        order by e.due, e.id limit ${limit}`,
  )
}

export interface FailedDelivery {
  id: number
  /** Failed attempts before this one, as loaded. */
  attempt: number
  reason: string
  /** Until the next attempt; null: that was the last. */
  waitSeconds: number | null
}

/**
 * Forgets what was delivered, and puts off or gives up what was not. Offered again, it changes nothing: a failure counts only
 * at the attempt it belongs to. What was delivered is forgotten at whatever attempt it stands.
 */
export async function markDeliveries(
  db: Database,
  delivered: readonly number[],
  failed: readonly FailedDelivery[],
): Promise<void> {
  if (delivered.length > 0) await db.execute(sql`delete from webhook_events where id = any(${ids(delivered)})`)
  if (failed.length === 0) return
  await db.execute(
    sql`update webhook_events e set attempt = e.attempt + 1, reason = x.reason,
          due = now() + coalesce(x."waitSeconds", 0) * interval '1 second',
          given_up_at = case when x."waitSeconds" is null then now() end
        from jsonb_to_recordset(${json(failed)}) as x(id bigint, attempt smallint, reason text, "waitSeconds" float8)
        where e.id = x.id and e.attempt = x.attempt`,
  )
}

/** Milliseconds until something is due for an endpoint, by the store's clock; null if nothing is to come. */
export async function untilNextDue(db: Database, endpoint: string): Promise<number | null> {
  const [row] = await query<{ ms: number | null }>(
    db,
    sql`select (extract(epoch from min(due) - now()) * 1000)::float8 as ms from webhook_events
        where endpoint = ${endpoint} and given_up_at is null`,
  )
  return row?.ms == null ? null : Math.max(0, Math.ceil(row.ms))
}

/** Of these endpoints, the ones with something due. */
export async function endpointsDue(db: Database, endpoints: readonly string[]): Promise<Set<string>> {
  const rows = await query<{ endpoint: string }>(
    db,
    sql`select k as endpoint from unnest(${texts(endpoints)}) as k where exists (
          select 1 from webhook_events where endpoint = k and given_up_at is null and due <= now())`,
  )
  return new Set(rows.map((row) => row.endpoint))
}

/** Forgets old events that nobody will deliver: given up, or of an endpoint that is none of these. */
export async function forgetWebhookEvents(db: Database, endpoints: readonly string[]): Promise<void> {
  await db.execute(
    sql`delete from webhook_events where created_at < now() - ${KEPT_DAYS} * interval '1 day'
        and (given_up_at is not null or endpoint <> all(${texts(endpoints)}))`,
  )
}
