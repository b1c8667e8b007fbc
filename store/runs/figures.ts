import { sql, type SQL } from 'drizzle-orm'
import { rowAt } from '../ids/row-id.ts'
import { at, query, type Database } from '../postgres/database.ts'
import { named } from '../postgres/statement.ts'

/** What an operator watches of the store. Seconds are by the store's clock; where nothing is there they are 0. */
export interface StoreFigures {
  pendingRecipientRuns: number
  pendingMessages: number
  /** Past their instant by more than was asked for. */
  overdueRecipientRuns: number
  overdueMessages: number
  longestOverdueSeconds: number
  /** Triggers that housekeeping still has to look at, since something of them may be overdue. */
  suspectedTriggers: number
  unconfirmedSignals: number
  oldestSignalSeconds: number
  webhookEvents: number
  oldestWebhookSeconds: number
  webhookEventsGivenUp: number
}

/**
 * What is counted at most: beyond, a figure says this many. What may be overdue is looked at first, then what is to come,
 * in the order of the instants.
 */
const MOST_COUNTED = 100_000

/** Counts what stands in the store, in one statement of some tenths of a second at most. Changes and locks nothing. */
export async function storeFigures(db: Database, now: number, overdueMs: number): Promise<StoreFigures> {
  const most = MOST_COUNTED
  const past = at(now - overdueMs)
  const seconds = (instant: SQL) => sql`greatest(0, coalesce(extract(epoch from ${at(now)} - ${instant}), 0))::float8`
  // Row ids are named one by one, as in rowIdsOf: of ranges the planner knows nothing.
  const rowsOf = (triggers: string) => sql`
    select row from ${sql.raw(triggers)} t
      cross join lateral generate_series(${rowAt('t.id', '0')}, ${rowAt('t.id', 't.recipient_count - 1')}) row
    limit ${most}`
  const [figures] = await query<StoreFigures>(
    db,
    named(
      'figures',
      sql`with suspected as materialized (
            select id, recipient_count from triggers where next_due < ${past} order by next_due limit ${most}
          ),
          coming as materialized (
            select id, recipient_count from triggers where next_due >= ${past} order by next_due limit ${most}
          ),
          rows as materialized ((${rowsOf('suspected')}) union all (${rowsOf('coming')})),
          runs as materialized (
            select case when r.status = 'claimed' then r.lease_until else r.due end as due
            from rows join recipient_runs r on r.id = rows.row where r.status in ('waiting', 'claimed')
          ),
          queued as materialized (
            select coalesce(m.lease_until, m.due) as due
            from rows join messages m on m.recipient_run_id = rows.row where m.status = 'queued'
          ),
          signals as materialized (select created_at from pending_signals limit ${most}),
          events as materialized (select created_at, given_up_at from webhook_events limit ${most})
          select
            (select count(*) from runs)::int as "pendingRecipientRuns",
            (select count(*) from queued)::int as "pendingMessages",
            (select count(*) from runs where due < ${past})::int as "overdueRecipientRuns",
            (select count(*) from queued where due < ${past})::int as "overdueMessages",
            ${seconds(sql`(select min(due) from (select due from runs union all select due from queued) x where due < ${past})`)}
              as "longestOverdueSeconds",
            (select count(*) from suspected)::int as "suspectedTriggers",
            (select count(*) from signals)::int as "unconfirmedSignals",
            ${seconds(sql`(select min(created_at) from signals)`)} as "oldestSignalSeconds",
            (select count(*) from events where given_up_at is null)::int as "webhookEvents",
            ${seconds(sql`(select min(created_at) from events where given_up_at is null)`)} as "oldestWebhookSeconds",
            (select count(*) from events where given_up_at is not null)::int as "webhookEventsGivenUp"`,
    ),
  )
  return figures!
}
