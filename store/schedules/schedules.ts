import { sql, type SQL } from 'drizzle-orm'
import type { RepeatRule } from '../../schedules/occurrences.ts'
import {
  allOf,
  orderAndLimit,
  pageOfRows,
  windowConditions,
  type Order,
  type Page,
  type Window,
} from '../messages/page.ts'
import { at, json, query, texts, type Database } from '../postgres/database.ts'
import { largeBytes } from '../postgres/large-bytes.ts'
import { isoText } from '../postgres/instant.ts'
import { fitting } from '../profiles/fitting.ts'
import type { JsonObject } from '../schema/index.ts'

/** A schedule as it is stored. Instants are ISO 8601. */
export interface ScheduleRow {
  id: string
  workflow: string
  /** By its key, as `actor`. */
  recipient: string
  actor: string | null
  tenant: string | null
  data: JsonObject
  cancelation_key: string | null
  scheduled_at: string | null
  ending_at: string | null
  repeats: RepeatRule[]
  zone: string
  last_occurrence_at: string | null
  next_occurrence_at: string | null
  api_key: string
  inserted_at: string
  updated_at: string
}

/** Whose profiles are shown with a schedule. */
export function peopleOf({ recipient, actor }: Pick<ScheduleRow, 'recipient' | 'actor'>): string[] {
  return actor === null ? [recipient] : [recipient, actor]
}

/** What of a schedule is written; instants in epoch milliseconds. */
export interface WrittenSchedule extends Omit<
  ScheduleRow,
  'scheduled_at' | 'ending_at' | 'last_occurrence_at' | 'next_occurrence_at' | 'inserted_at' | 'updated_at'
> {
  scheduledAt: number | null
  endingAt: number | null
  nextOccurrenceAt: number | null
}

export const scheduleColumns = sql`id, workflow, recipient, actor, tenant, data, cancelation_key,
  ${isoText(sql`scheduled_at`)} as scheduled_at, ${isoText(sql`ending_at`)} as ending_at, repeats, zone,
  ${isoText(sql`last_occurrence_at`)} as last_occurrence_at, ${isoText(sql`next_occurrence_at`)} as next_occurrence_at,
  api_key, ${isoText(sql`inserted_at`)} as inserted_at, ${isoText(sql`updated_at`)} as updated_at`

/** Makes schedules, or writes those there are anew; what occurred last stays. Answers them in the order given. */
export async function putSchedules(
  tx: Database,
  given: readonly WrittenSchedule[],
  now: number,
): Promise<ScheduleRow[]> {
  if (given.length === 0) return []
  const rows = given.map((row, n) => ({ ...row, n }))
  const found = await query<ScheduleRow>(
    tx,
    sql`insert into schedules as stored (id, workflow, recipient, actor, tenant, data, cancelation_key, scheduled_at, ending_at,
          repeats, zone, next_occurrence_at, api_key, inserted_at, updated_at)
        select x.id, x.workflow, x.recipient, x.actor, x.tenant, x.data, x.cancelation_key, to_timestamp(x."scheduledAt" / 1000.0),
          to_timestamp(x."endingAt" / 1000.0), x.repeats, x.zone, to_timestamp(x."nextOccurrenceAt" / 1000.0), x.api_key,
          ${at(now)} + x.n * interval '1 microsecond', ${at(now)}
        from jsonb_to_recordset(${json(rows)}) as x(n integer, id uuid, workflow text, recipient text, actor text, tenant text,
          data jsonb, cancelation_key text, "scheduledAt" float8, "endingAt" float8, repeats jsonb, zone text,
          "nextOccurrenceAt" float8, api_key text)
        order by x.id
        on conflict (id) do update set recipient = excluded.recipient, actor = excluded.actor, tenant = excluded.tenant,
          data = excluded.data, cancelation_key = excluded.cancelation_key, scheduled_at = excluded.scheduled_at,
          ending_at = excluded.ending_at, repeats = excluded.repeats, zone = excluded.zone,
          next_occurrence_at = excluded.next_occurrence_at, updated_at = excluded.updated_at, revision = stored.revision + 1
        returning ${scheduleColumns}`,
  )
  const byId = new Map(found.map((row) => [row.id, row]))
  return given.map(({ id }) => byId.get(id)!)
}

/** Locks those of these schedules that there are, in the order of their ids. */
export async function lockSchedules(tx: Database, ids: readonly string[]): Promise<ScheduleRow[]> {
  return query<ScheduleRow>(
    tx,
    sql`select ${scheduleColumns} from schedules where id = any(${texts(ids)}::uuid[]) and deleted_at is null
        order by id for update`,
  )
}

/** Ends schedules; what they triggered goes on. Answers those that there were. */
export async function endSchedules(tx: Database, ids: readonly string[], now: number): Promise<ScheduleRow[]> {
  return end(tx, sql`id = any(${texts(ids)}::uuid[])`, now)
}

/** Ends all schedules for these recipients, by their keys. */
export async function endSchedulesOf(tx: Database, recipients: readonly string[], now: number): Promise<void> {
  await end(tx, sql`recipient = any(${texts(recipients)})`, now)
}

function end(tx: Database, which: SQL, now: number): Promise<ScheduleRow[]> {
  return query<ScheduleRow>(
    tx,
    sql`update schedules set deleted_at = ${at(now)}, updated_at = ${at(now)}, revision = revision + 1
        where ${which} and deleted_at is null returning ${scheduleColumns}`,
  )
}

/** Records that it occurred at `occurred`, and when it does next. Epoch milliseconds. */
export async function recordOccurrence(
  tx: Database,
  id: string,
  { occurred, next }: { occurred: number; next: number | null },
): Promise<void> {
  await tx.execute(
    sql`update schedules set last_occurrence_at = ${at(occurred)},
          next_occurrence_at = ${next === null ? sql`null` : at(next)},
          revision = revision + ${next === null ? 1 : 0} where id = ${id}::uuid`,
  )
}

export interface ScheduleFilter {
  workflow?: string | undefined
  /** By their keys. */
  recipients?: readonly string[] | undefined
  tenant?: string | undefined
}

const order: Order<ScheduleRow> = {
  columns: [sql`s.inserted_at`, sql`s.id`],
  valueOf: ([insertedAt, id]) => sql`(${insertedAt}::timestamptz, ${id}::uuid)`,
  positionOf: (row) => [row.inserted_at, row.id],
}

/** A page, newest first. */
export async function listSchedules(db: Database, filter: ScheduleFilter, window: Window): Promise<Page<ScheduleRow>> {
  const { workflow, recipients, tenant } = filter
  const conditions = [
    sql`deleted_at is null`,
    ...(workflow === undefined ? [] : [sql`workflow = ${workflow}`]),
    ...(recipients === undefined ? [] : [sql`recipient = any(${texts(recipients)})`]),
    ...(tenant === undefined ? [] : [sql`tenant = ${tenant}`]),
    ...windowConditions(window, order),
  ]
  const found = await query<{ id: string; recipient: string; actor: string | null; bytes: number }>(
    db,
    sql`select id, recipient, actor, ${largeBytes(sql`data`)} as bytes from schedules s
        where ${allOf(conditions)} ${orderAndLimit(window, order)}`,
  )
  const fit = await fitting(db, found.slice(0, window.size), peopleOf, ({ bytes }) => bytes)
  const rows = await query<ScheduleRow>(
    db,
    sql`select ${scheduleColumns} from schedules s where id = any(${texts(fit.map(({ id }) => id))}::uuid[])
        ${orderAndLimit(window, order)}`,
  )
  return pageOfRows(rows, found.length > fit.length, window, order)
}
