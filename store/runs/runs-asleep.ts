import { sql } from 'drizzle-orm'
import { isRowOf } from '../ids/row-id.ts'
import { query, texts, type Database } from '../postgres/database.ts'

/** A run as the store has it. */
export interface RunAsleep {
  id: number
  workflowId: string
  definition: string
  cancelationKey: string | null
  /** Recipient runs that wait or act, and messages that are queued or being sent. */
  pending: number
  /** Of those, how many are being carried out or sent. */
  acting: number
  /** The earliest instant of all, epoch milliseconds: of what is claimed, the end of its lease. */
  due: number
  /** Whether Temporal was not yet told of something. */
  hasUnconfirmed: boolean
}

/** Runs in which somebody sleeps, by id: the next `limit` after one, or those of these workflow IDs. */
export async function runsAsleep(
  db: Database,
  which: { after: number; limit: number } | { workflowIds: readonly string[] },
): Promise<RunAsleep[]> {
  const filter =
    'after' in which
      ? sql`u.id > ${which.after} and exists (select from triggers t where t.run_id = u.id and t.next_due is not null)
            order by u.id limit ${which.limit}`
      : sql`u.workflow_id = any(${texts(which.workflowIds)})`
  return query<RunAsleep>(
    db,
    sql`with looked_at as materialized (select u.* from runs u where ${filter})
        select u.id, u.workflow_id as "workflowId", u.definition_key as definition, u.cancelation_key as "cancelationKey",
          s.pending, s.acting, s.due, exists (select from pending_signals p where p.run_id = u.id) as "hasUnconfirmed"
        from looked_at u cross join lateral (
          select count(*)::int as pending, (count(*) filter (where acts))::int as acting,
            round(extract(epoch from min(due)) * 1000)::float8 as due
          from (
            select case when r.status = 'claimed' then r.lease_until else r.due end as due, r.status = 'claimed' as acts
            from triggers t join recipient_runs r on ${isRowOf('r.id', 't.id')}
            where t.run_id = u.id and t.next_due is not null
              and (r.status = 'claimed' or (r.status = 'waiting' and r.due is not null))
            union all
            select coalesce(m.lease_until, m.due), m.lease_until is not null
            from triggers t join messages m on ${isRowOf('m.recipient_run_id', 't.id')}
            where t.run_id = u.id and t.next_due is not null and m.status = 'queued'
          ) sleepers
        ) s
        order by u.id`,
  )
}
