import { sql, type SQL } from 'drizzle-orm'
import { walkEvents } from '../../events/walk-events.ts'
import { noOutbox, recordEvents, type Outbox } from '../../events/outbox.ts'
import type { Placed } from '../batches/batch-entry.ts'
import { carriersAtStake, openDoors, placeActivities } from '../batches/place-activities.ts'
import { closeAbandoned, closeBatches, lockSeen } from '../batches/seen.ts'
import { wakeRows } from './wake-rows.ts'
import { ids, query, transaction, type Database } from '../postgres/database.ts'
import { insertWalkEvents, type WalkEvent } from './insert-events.ts'
import { insertMessages } from '../messages/insert-messages.ts'
import { enterWaits, leaveWaits } from '../waits/enter-waits.ts'
import { waitsForEndsOf, whoWait } from '../waits/lock-waiting.ts'
import { offerEnds } from '../waits/offer-events.ts'
import type { WalkSettlement } from './walk-settlement.ts'
import { writeWalks } from './write-walks.ts'

/** What was written, and the signals to send once it is committed: other runs hold somebody who is to wake earlier. */
export interface SettledWalks {
  walks: WalkSettlement[]
  signals: number[]
}

/**
 * Settles many walks in one transaction: batches locked, then rows, in order, with those who wait for an end; then messages, rows and events written. Only
 * rows that wait, at the revision they were walked under, are settled, and only if their batches are as they were seen: a
 * cancel or a move that came meanwhile wins as a whole, and no message of theirs is there.
 */
export async function settleWalks(
  db: Database,
  settlements: readonly WalkSettlement[],
  now: number,
  outbox = noOutbox,
): Promise<SettledWalks> {
  if (settlements.length === 0) return { walks: [], signals: [] }
  return transaction(db, (tx) => settleWalksIn(tx, settlements, now, outbox))
}

/** The same in the caller's transaction. */
export function settleWalksIn(
  tx: Database,
  settlements: readonly WalkSettlement[],
  now: number,
  outbox: Outbox,
): Promise<SettledWalks> {
  return settleIn(tx, settlements, now, outbox, sql`status = 'waiting'`)
}

/**
 * The same for rows that `owner` has claimed. One that a cancel marked meanwhile goes no further: it ends as canceled, with
 * the events of what was done for it. Answers which were settled, as they were written, and which of them so. `isLate`, asked
 * once the rows are locked: their run may have been told the ends of their leases, and they are not due again before these.
 */
export async function settleClaimed(
  db: Database,
  settlements: readonly WalkSettlement[],
  owner: string,
  now: number,
  outbox = noOutbox,
  isLate = () => false,
): Promise<{ settled: Map<number, WalkSettlement>; canceled: Set<number> }> {
  const held = sql`status = 'claimed' and claim = ${owner}`
  // What was done on the outside is done, whatever a batch has come to meanwhile.
  const plain = settlements.map(({ batch: _batch, ...walk }) => walk)
  const { walks, canceled } = await transaction(db, (tx) => settleIn(tx, plain, now, outbox, held, isLate))
  return { settled: new Map(walks.map((walk) => [walk.id, walk])), canceled }
}

interface LockedWalk {
  id: number
  revision: number
  errorCount: number
  canceling: boolean
  /** It is in a batch: a cancel takes its activity back, and it walks on for the others. */
  inBatch: boolean
  /** Epoch milliseconds; null: it is not claimed. */
  leaseUntil: number | null
}

async function settleIn(
  tx: Database,
  settlements: readonly WalkSettlement[],
  now: number,
  outbox: Outbox,
  which: SQL,
  isLate = () => false,
): Promise<SettledWalks & { canceled: Set<number> }> {
  const isCurrent = await lockSeen(tx, settlements)
  const arrivals = settlements.flatMap(({ id, batch }) => {
    return batch === undefined || batch.entries.length === 0 ? [] : [{ id, entries: batch.entries }]
  })
  const doors = await openDoors(tx, arrivals, now)
  const own = ids(settlements.map(({ id }) => id))
  const ending = settlements.filter(({ status }) => status === 'ended').map(({ id }) => id)
  const waiting = ending.length === 0 ? sql`'{}'::bigint[]` : whoWait(waitsForEndsOf(ending))
  const locked = await query<LockedWalk>(
    tx,
    sql`select id, revision, error_count as "errorCount", cancel_id is not null as canceling, batch_id is not null as "inBatch",
          round(extract(epoch from lease_until) * 1000)::float8 as "leaseUntil"
        from recipient_runs where id = any(${own} || ${ids(carriersAtStake(doors, arrivals))} || ${waiting})
          and (${which} or id <> all(${own})) order by id for update`,
  )
  const found = new Map(locked.map((row) => [row.id, row]))
  const unmoved = settlements.filter((walk) => found.get(walk.id)?.revision === walk.revision && isCurrent(walk))
  const canceled = new Set(unmoved.map(({ id }) => id).filter((id) => isCut(found.get(id)!)))
  const there = new Set(unmoved.map(({ id }) => id))
  const arrived = arrivals.filter(({ id }) => there.has(id))
  const { placed, earlier } = await placeActivities(tx, doors, arrived, now)
  const left = new Set(arrived.map(({ id }) => id).filter((id) => !placed.has(id)))
  const late = isLate()
  const stands = unmoved
    .filter(({ id }) => !left.has(id))
    .map((walk) => standing(walk, placed.get(walk.id) ?? null, late ? found.get(walk.id)!.leaseUntil : null))
  const settled = await withWaits(tx, stands, now)
  if (settled.length === 0) return { walks: [], signals: [], canceled }
  const going = settled.filter(({ id }) => !canceled.has(id))
  await closeBatches(tx, settled, now)
  await insertMessages(
    tx,
    going.flatMap(({ messages }) => messages),
    now,
  )
  await writeWalks(tx, settled, { canceled, placed }, now)
  const abandoned = settled.filter(({ id, status, batch }) => {
    return status === 'ended' && batch === undefined && found.get(id)!.inBatch
  })
  if (abandoned.length > 0) {
    await closeAbandoned(
      tx,
      abandoned.map(({ id }) => id),
      now,
    )
  }
  const over = settled.filter(({ id, status }) => status === 'ended' || canceled.has(id)).map(({ id }) => id)
  await offerEnds(tx, over, now, outbox)
  const signals = await wakeRows(tx, earlier, now)
  const told = settled.map((walk) => (canceled.has(walk.id) ? { ...walk, events: walk.events.map(isLast) } : walk))
  await insertWalkEvents(tx, told, now)
  await recordEvents(tx, outbox, now, () => [
    ...going.flatMap((walk) => walkEvents(walk, found.get(walk.id)!)),
    ...[...canceled].map((id) => ({ type: 'workflow_recipient_run.cancelled' as const, recipientRunId: id })),
  ])
  return { walks: settled, signals, canceled }
}

const isCut = ({ canceling, inBatch }: LockedWalk): boolean => canceling && !inBatch

/** A try that failed after a cancel was the last one, whatever was to follow it. */
function isLast(event: WalkEvent): WalkEvent {
  if (event.event !== 'step_retried') return event
  const { again_at: _again, ...data } = event.data
  return { ...event, event: 'step_failed', data }
}

/** `notBefore`: it is not due again before then. */
function standing(walk: WalkSettlement, placed: Placed | null, notBefore: number | null): WalkSettlement {
  if (placed !== null) return { ...walk, due: placed.due }
  if (notBefore === null || walk.due === null || walk.status !== 'waiting') return walk
  return { ...walk, due: Math.max(walk.due, notBefore) }
}

/** Leaves waits and begins others; one that an event has come for already wakes at once. */
async function withWaits(tx: Database, walks: WalkSettlement[], now: number): Promise<WalkSettlement[]> {
  const changed = walks.flatMap(({ id, wait }) => (wait === undefined ? [] : [{ id, ...wait }]))
  if (changed.length === 0) return walks
  const over = changed.filter(({ seen, leaves }) => seen !== undefined || leaves === true)
  await leaveWaits(
    tx,
    over.map(({ id, seen = [], leaves = false }) => ({ id, seen, leaves })),
  )
  const begun = changed.flatMap(({ id, enters }) => (enters === undefined ? [] : [{ id, wait: enters }]))
  const offered = await enterWaits(tx, begun)
  return walks.map((walk) => (offered.has(walk.id) ? { ...walk, due: now } : walk))
}
