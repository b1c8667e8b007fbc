import { sql } from 'drizzle-orm'
import { at, json, query, texts, type Database } from '../postgres/database.ts'
import { scheduleColumns, type ScheduleRow } from './schedules.ts'

/** A schedule that Temporal does not know as it is. */
export interface UnsyncedSchedule extends ScheduleRow {
  revision: number
  /** Temporal's Schedule is to go: it was deleted, or none of it is to come. */
  over: boolean
}

/** After so long Temporal's is written anew: it is compiled for little more than a year. */
const SYNC_AGAIN_MS = 180 * 86_400_000

/** Those that Temporal is to be told of, in the order of their ids from `after` on. */
export async function unsyncedSchedules(db: Database, after: string, limit: number): Promise<UnsyncedSchedule[]> {
  return query<UnsyncedSchedule>(
    db,
    sql`select ${scheduleColumns}, revision, deleted_at is not null or next_occurrence_at is null as over from schedules
        where synced_revision is distinct from revision and id > ${after}::uuid order by id limit ${limit}`,
  )
}

/** Records that Temporal knows these revisions; what was deleted at one is gone then. */
export async function confirmSynced(
  db: Database,
  synced: readonly Pick<UnsyncedSchedule, 'id' | 'revision'>[],
  now: number,
): Promise<void> {
  const rows = json(synced.map(({ id, revision }) => ({ id, revision })))
  await db.execute(
    sql`with known as (select x.id, x.revision from jsonb_to_recordset(${rows}) as x(id uuid, revision integer)),
          gone as (
            delete from schedules s using known where s.id = known.id and s.revision = known.revision and s.deleted_at is not null
          )
        update schedules s set synced_revision = s.revision, synced_at = ${at(now)}
        from known where s.id = known.id and s.revision = known.revision and s.deleted_at is null`,
  )
}

/** The ids of those that Temporal was told of as they are, in their order from `after` on. */
export async function syncedSchedules(db: Database, after: string, limit: number): Promise<string[]> {
  const rows = await query<{ id: string }>(
    db,
    sql`select id from schedules where synced_revision = revision and next_occurrence_at is not null and deleted_at is null
          and id > ${after}::uuid order by id limit ${limit}`,
  )
  return rows.map(({ id }) => id)
}

/** Those of these ids that are schedules, also such as are over. */
export async function knownSchedules(db: Database, ids: readonly string[]): Promise<Set<string>> {
  const rows = await query<{ id: string }>(db, sql`select id from schedules where id = any(${texts(ids)}::uuid[])`)
  return new Set(rows.map(({ id }) => id))
}

/** The ids of those whose next occurrence was due at `before`: something that should have woken them did not. */
export async function overdueSchedules(db: Database, before: number, limit: number): Promise<string[]> {
  const rows = await query<{ id: string }>(
    db,
    sql`select id from schedules where next_occurrence_at <= ${at(before)} and deleted_at is null
        order by next_occurrence_at limit ${limit}`,
  )
  return rows.map(({ id }) => id)
}

/** Has Temporal's written again: of the next `limit` from `after` on, in the order of their ids. Answers the last; undefined: none was left. */
export async function syncPageAgain(db: Database, after: string, limit: number): Promise<string | undefined> {
  const rows = await query<{ id: string }>(
    db,
    sql`with page as (select id from schedules where id > ${after}::uuid order by id limit ${limit}),
          again as (
            update schedules s set synced_revision = null from page
            where s.id = page.id and s.synced_revision is not null and s.next_occurrence_at is not null
          )
        select id from page order by id desc limit 1`,
  )
  return rows[0]?.id
}

/** Has Temporal's written again: of these, which it may have lost, and of those compiled long ago. */
export async function syncAgain(db: Database, ids: readonly string[], now: number): Promise<void> {
  await db.execute(
    sql`update schedules set synced_revision = null
        where synced_revision is not null and next_occurrence_at is not null
          and (id = any(${texts(ids)}::uuid[]) or synced_at < ${at(now - SYNC_AGAIN_MS)})`,
  )
}

/** The ids of repeating schedules whose recipient was described anew since, by which the time zone may be another. */
export async function schedulesToRezone(db: Database, limit: number): Promise<string[]> {
  const rows = await query<{ id: string }>(
    db,
    sql`select s.id from schedules s left join users u on u.id = s.recipient
          left join objects o on strpos(s.recipient, '#') > 0 and o.collection = split_part(s.recipient, '#', 1)
            and o.id = substr(s.recipient, strpos(s.recipient, '#') + 1)
        where s.deleted_at is null and s.next_occurrence_at is not null and s.repeats <> '[]'
          and coalesce(u.updated_at, o.updated_at) > s.updated_at limit ${limit}`,
  )
  return rows.map(({ id }) => id)
}
