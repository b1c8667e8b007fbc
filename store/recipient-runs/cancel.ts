import { sql } from 'drizzle-orm'
import { noOutbox, recordEvents, type Outbox, type OutboxEvent } from '../../events/outbox.ts'
import { toRanges, type Lane, type Range } from '../../workflows/messages.ts'
import { countMessage, countVerdict } from '../../metrics/counted.ts'
import { messageLane } from '../ids/lane.ts'
import { archiveSent } from '../messages/archive-sent.ts'
import type { LockedMessage } from '../messages/lock-messages.ts'
import { at, ids, json, onCommit, query, type Database } from '../postgres/database.ts'
import { lockRecipientRuns, type LockedRow, type Which } from './lock-recipient-runs.ts'
import { NAMED } from './sleepers.ts'
import { tellEnds } from '../waits/tell-waits.ts'
import { judge, verdictOf, type Judgement, type Verdict } from './verdict.ts'

export interface Cancel extends Which {
  archiveSent: boolean
  apiKey: string
  reason: string | null
  /** Epoch milliseconds, for the record; nothing is decided by it. */
  now: number
}

/** What a run is to be told of a cancel, or of a move: rows by lane. */
export interface LaneRows {
  lane: Lane
  rows: Range[]
}

/** Tells the run what has gone; null when nothing of it slept there. `recipients` only where there are few. */
export interface CancelSignal {
  id: number
  removed: LaneRows[]
  recipients?: string[]
  by: string
  reason?: string
}

export interface Canceled {
  verdict: Verdict
  signal: CancelSignal | null
}

/**
 * Takes recipients out, and says truthfully what that did. Sees the key's current or last generation. The key's row is
 * locked first, then the rows in their order, then their messages; what the verdict says is final when the caller's
 * transaction commits.
 */
export async function cancelIn(
  tx: Database,
  key: { workflow: string; cancelationKey: string | null },
  request: Cancel,
  outbox = noOutbox,
): Promise<Canceled> {
  const rows = await lockRecipientRuns(tx, request)
  const judged = new Map(rows.map((row) => [row, judge(row)] as const))
  const archived = request.archiveSent ? await archiveSent(tx, rows, request.now, outbox) : []
  const signal = await markCanceled(tx, judged, request, outbox)
  const verdict = verdictOf(key, judged, request.recipients, archived)
  onCommit(tx, () => countVerdict(verdict.summary))
  return { verdict, signal }
}

/** Marks rows and messages, and leaves a signal for those that slept; what is claimed ends when its claim settles. */
async function markCanceled(
  tx: Database,
  judged: ReadonlyMap<LockedRow, Judgement>,
  request: Cancel,
  outbox: Outbox,
): Promise<CancelSignal | null> {
  const rows = [...judged].filter(([, { marksRow }]) => marksRow).map(([row]) => row)
  const judgements = [...judged.values()]
  const takenBack = once(judgements.flatMap((judgement) => judgement.takenBack))
  const cutShort = once(judgements.flatMap((judgement) => judgement.cutShort))
  const marked = once(judgements.flatMap((judgement) => judgement.marked))
  const left = once(judgements.flatMap((judgement) => judgement.left))
  onCommit(tx, () => {
    for (const { channelType } of takenBack) countMessage(channelType, 'canceled')
    for (const { channelType } of cutShort) countMessage(channelType, 'delivery_attempted')
  })
  const runId = [...judged.keys()][0]?.runId
  if (runId === undefined || rows.length + takenBack.length + cutShort.length + marked.length === 0) return null
  const runOf = runsOf([...judged.keys()])
  const isElsewhere = ({ recipientRunId }: LockedMessage) => (runOf.get(recipientRunId) ?? runId) !== runId
  // Who is in a batch is asleep in no run, but for its carrier, who sleeps on.
  const asleep = rows.filter(({ status, batch }) => status === 'waiting' && batch === null)
  const removed = lanesOf(
    asleep,
    [...takenBack, ...cutShort].filter((message) => !isElsewhere(message)),
  )
  const signal =
    removed.length === 0
      ? sql`select null::bigint as id`
      : sql`insert into pending_signals (run_id, kind, lanes, "by", reason, created_at)
          values (${runId}, 'cancel', ${json(removed)}, ${request.apiKey}, ${request.reason}, ${at(request.now)})
          returning id`
  const ofBatch = left.map(({ recipientRunId: r, number: n, batchId: b }) => ({ r, n, b }))
  const carriers = rows.filter(({ id, batch }) => batch?.carrier === id).map(({ id }) => id)
  const [written] = await query<{ id: number | null }>(
    tx,
    sql`with cancel as (
          insert into cancels (run_id, api_key, reason, created_at)
          values (${runId}, ${request.apiKey}, ${request.reason}, ${at(request.now)}) returning id
        ),
        batch as (
          update batches set revision = revision + 1
          where id = any(${ids([...new Set(rows.flatMap(({ batch }) => batch?.id ?? []))])}) returning id, revision
        ),
        marked_rows as (
          update recipient_runs r set cancel_id = (select id from cancel), updated_at = ${at(request.now)},
            batch_left = (select revision from batch where batch.id = r.batch_id),
            status = case when r.status = 'waiting' and r.id <> all(${ids(carriers)}) then 'canceled'::recipient_run_status
              else r.status end
          where r.id = any(${ids(rows.map((row) => row.id))})
        ),
        marked_messages as (
          update messages m set cancel_id = (select id from cancel), updated_at = ${at(request.now)},
            status = coalesce(x.s::message_status, m.status),
            reason = coalesce(x.e, m.reason),
            due = case when x.s is null then m.due end,
            settled_at = case when x.s is not null then ${at(request.now)} end
          from jsonb_to_recordset(${json(messageRows(takenBack, cutShort, marked))}) as x(r bigint, n smallint, s text, e text)
          where m.recipient_run_id = x.r and m.number = x.n
        ),
        left_messages as (
          update messages m set batch_revision = batch.revision, updated_at = ${at(request.now)}
          from jsonb_to_recordset(${json(ofBatch)}) as x(r bigint, n smallint, b bigint) join batch on batch.id = x.b
          where m.recipient_run_id = x.r and m.number = x.n
        ),
        signal as (${signal})
        select id from signal`,
  )
  await tellOthers(tx, [...takenBack, ...cutShort].filter(isElsewhere), runOf, request)
  await tellEnds(
    tx,
    asleep.map(({ id }) => id),
    request.now,
    outbox,
  )
  await recordEvents(tx, outbox, request.now, () => eventsOf(rows.filter(isToldNow), takenBack, cutShort))
  if (written?.id == null) return null
  const recipients = [
    ...new Set([...judged].flatMap(([row, { outcome }]) => (outcome === 'canceled' ? [row.recipient] : []))),
  ]
  return {
    id: written.id,
    removed,
    by: request.apiKey,
    ...(request.reason !== null && { reason: request.reason }),
    ...(recipients.length <= NAMED && { recipients }),
  }
}

/** A row that a step acts for is told of when its claim settles: only then is it known what became of it. */
function isToldNow({ status, batch }: LockedRow): boolean {
  return status === 'waiting' || (status === 'claimed' && batch !== null)
}

/** A message of a batch is found with each of its activities. */
function once(messages: readonly LockedMessage[]): LockedMessage[] {
  return [...new Map(messages.map((message) => [`${message.recipientRunId}/${message.number}`, message])).values()]
}

/** The run in which the messages of a row sleep, by row: those of a batch sleep in its carrier's. */
function runsOf(rows: readonly LockedRow[]): Map<number, number> {
  const runs = new Map<number, number>()
  for (const { batch } of rows) if (batch !== null) runs.set(batch.carrier, batch.runId)
  return runs
}

/** Leaves a signal for each other run in which messages slept that were taken back with the last activity of a batch. */
async function tellOthers(
  tx: Database,
  takenBack: readonly LockedMessage[],
  runOf: ReadonlyMap<number, number>,
  { apiKey, reason, now }: Cancel,
): Promise<void> {
  const byRun = new Map<number, LockedMessage[]>()
  for (const message of takenBack) {
    const runId = runOf.get(message.recipientRunId)!
    byRun.set(runId, [...(byRun.get(runId) ?? []), message])
  }
  if (byRun.size === 0) return
  const signals = [...byRun].map(([r, messages]) => ({ r, l: lanesOf([], messages) }))
  await tx.execute(
    sql`insert into pending_signals (run_id, kind, lanes, "by", reason, created_at)
        select x.r, 'cancel', x.l, ${apiKey}, ${reason}, ${at(now)}
        from jsonb_to_recordset(${json(signals)}) as x(r bigint, l jsonb)`,
  )
}

const CUT_SHORT = 'canceled before the next try; an earlier one may have arrived'

function messageRows(takenBack: LockedMessage[], cutShort: LockedMessage[], marked: LockedMessage[]) {
  const rowsOf = (messages: LockedMessage[], s: string | null, e: string | null) =>
    messages.map(({ recipientRunId: r, number: n }) => ({ r, n, s, e }))
  return [
    ...rowsOf(takenBack, 'not_sent', 'canceled'),
    ...rowsOf(cutShort, 'delivery_attempted', CUT_SHORT),
    ...rowsOf(marked, null, null),
  ]
}

/** What slept in the run, by lane. */
export function lanesOf(rows: readonly LockedRow[], messages: readonly LockedMessage[]): LaneRows[] {
  const lanes = new Map<Lane, number[]>()
  const add = (lane: Lane, id: number) => {
    const same = lanes.get(lane)
    if (same === undefined) lanes.set(lane, [id])
    else same.push(id)
  }
  for (const row of rows) add(row.lane, row.id)
  for (const { channelType, number, recipientRunId } of messages) add(messageLane(channelType, number), recipientRunId)
  return [...lanes].map(([lane, rowIds]) => ({ lane, rows: toRanges(rowIds) }))
}

function eventsOf(
  gone: readonly LockedRow[],
  takenBack: readonly LockedMessage[],
  cutShort: readonly LockedMessage[],
): OutboxEvent[] {
  return [
    ...takenBack.map(({ recipientRunId, number }): OutboxEvent => {
      return { type: 'message.not_sent', recipientRunId, number, data: { failure_reason: 'canceled' } }
    }),
    ...cutShort.map(({ recipientRunId, number }): OutboxEvent => {
      const data = { retryable: false, failure_reason: CUT_SHORT }
      return { type: 'message.delivery_attempted', recipientRunId, number, data }
    }),
    ...gone.map(({ id }): OutboxEvent => ({ type: 'workflow_recipient_run.cancelled', recipientRunId: id })),
  ]
}
