import { sql } from 'drizzle-orm'
import { at, ids, json, query, type Database } from '../postgres/database.ts'
import type { EarlierRow } from '../recipient-runs/wake-rows.ts'
import type { BatchEntry, Placed } from './batch-entry.ts'
import { join, movedTo, open, type Door } from './door.ts'
import { doorText } from './find-open.ts'

/** A recipient run before the doors of batches, in the order in which it came to them. */
export interface Arrival {
  id: number
  entries: readonly BatchEntry[]
}

export type OpenDoors = Map<string, Door>

/** Locks the open batch of each entry, or opens one; one that is over at `now` frees its key. Two statements, mostly one. */
export async function openDoors(tx: Database, arrivals: readonly Arrival[], now: number): Promise<OpenDoors> {
  const wanted = new Map<string, BatchEntry>()
  for (const { entries } of arrivals) {
    for (const entry of entries) if (!wanted.has(doorText(entry))) wanted.set(doorText(entry), entry)
  }
  return openOrLock(tx, [...wanted.values()], now)
}

/** In the order in which everybody locks batches. */
async function openOrLock(tx: Database, entries: readonly BatchEntry[], now: number): Promise<OpenDoors> {
  if (entries.length === 0) return new Map()
  const rows = entries.map(({ recipient: r, key: k, stepRef: s, closesAt: c, limitOf }) => {
    return { r, k, s, c, l: limitOf?.(now) ?? null }
  })
  const found = await query<Omit<Door, 'foundToCloseAt' | 'isOpen' | 'isUsed' | 'isChanged'>>(
    tx,
    sql`insert into batches (recipient, key, step_ref, opened_at, closes_at, limit_at)
        select x.r, x.k, x.s, ${at(now)}, to_timestamp(x.c / 1000.0), to_timestamp(x.l / 1000.0)
        from jsonb_to_recordset(${json(rows)}) as x(r text, k text, s text, c float8, l float8)
        order by x.r collate "C", x.k collate "C"
        on conflict (recipient, key) where is_open do update set items = batches.items
        returning id, recipient, key, step_ref as "stepRef", carrier, items,
          round(extract(epoch from opened_at) * 1000)::float8 as "openedAt",
          round(extract(epoch from closes_at) * 1000)::float8 as "closesAt",
          round(extract(epoch from limit_at) * 1000)::float8 as "limitAt", (xmax = 0) as "isFresh"`,
  )
  const over = found.filter(({ isFresh, closesAt }) => !isFresh && closesAt <= now)
  const doors: OpenDoors = new Map()
  const untouched = { isOpen: true, isUsed: false, isChanged: false }
  for (const door of found) {
    if (!over.includes(door)) doors.set(doorText(door), { ...door, foundToCloseAt: door.closesAt, ...untouched })
  }
  if (over.length === 0) return doors
  await tx.execute(sql`update batches set is_open = false where id = any(${ids(over.map(({ id }) => id))})`)
  const shut = new Set(over.map(doorText))
  const again = await openOrLock(
    tx,
    entries.filter((entry) => shut.has(doorText(entry))),
    now,
  )
  return new Map([...doors, ...again])
}

/** The carriers of other hands that these arrivals may wake earlier: to be locked with the rows. */
export function carriersAtStake(doors: OpenDoors, arrivals: readonly Arrival[]): number[] {
  const coming = new Map<string, number>()
  const stakes = new Set<number>()
  for (const entry of arrivals.flatMap(({ entries }) => entries)) {
    const text = doorText(entry)
    const door = doors.get(text)!
    const { carrier, items, closesAt } = door
    const count = (coming.get(text) ?? 0) + 1
    coming.set(text, count)
    const isFull = entry.itemLimit !== null && items + count >= entry.itemLimit
    const isEarlier = (movedTo(door, entry) ?? Infinity) < closesAt
    if (carrier !== null && (isFull || isEarlier)) stakes.add(carrier)
  }
  return [...stakes]
}

/**
 * Puts the arrivals into their batches, in the order of their ids. Answers where each stands, null for one that passed; who
 * is left out found it otherwise than it had believed, and nothing of it is to be written. `earlier`: carriers whose batches
 * close earlier than they sleep until.
 */
export async function placeActivities(
  tx: Database,
  doors: OpenDoors,
  arrivals: readonly Arrival[],
  now: number,
): Promise<{ placed: Map<number, Placed | null>; earlier: EarlierRow[] }> {
  const placed = new Map<number, Placed | null>()
  const earlier: EarlierRow[] = []
  let current = doors
  let coming = [...arrivals].sort((a, b) => a.id - b.id)
  for (;;) {
    const inside = new Map<number, Door>()
    const late = coming.filter((arrival) => {
      const answer = answerOf(current, arrival)
      if (answer !== 'welcome') return answer === 'late'
      placed.set(arrival.id, null)
      for (const entry of arrival.entries) {
        const door = current.get(doorText(entry))!
        const opens = door.isFresh && !door.isUsed
        door.isUsed = true
        if (opens) open(door, entry, now)
        if (entry.place === 'first') continue
        join(door, arrival.id, entry, { now, opens })
        inside.set(arrival.id, door)
      }
      return false
    })
    await writeDoors(tx, [...current.values()])
    for (const [id, { id: batchId, carrier, closesAt }] of inside) {
      placed.set(id, { batchId, due: carrier === id ? closesAt : null })
    }
    for (const { carrier, foundToCloseAt, closesAt } of current.values()) {
      const isEarlier = closesAt < foundToCloseAt
      if (isEarlier && carrier !== null && !inside.has(carrier)) earlier.push({ id: carrier, due: closesAt })
    }
    if (late.length === 0) return { placed, earlier }
    // The batch was full when they came: the next one is theirs.
    current = await openDoors(tx, late, now)
    coming = late
  }
}

/** `late`: the batch is full by now. `otherwise`: it is not as the arrival believed. */
function answerOf(doors: OpenDoors, { entries }: Arrival): 'welcome' | 'late' | 'otherwise' {
  let isLate = false
  const passed = new Set<string>()
  for (const entry of entries) {
    const text = doorText(entry)
    const { isFresh, isUsed, isOpen } = doors.get(text)!
    const isFirst = isFresh && !isUsed && !passed.has(text)
    passed.add(text)
    if (entry.place !== 'any' && (entry.place === 'first') !== isFirst) return 'otherwise'
    if (!isOpen && entry.place === 'later') return 'otherwise'
    isLate ||= !isOpen
  }
  return isLate ? 'late' : 'welcome'
}

async function writeDoors(tx: Database, doors: readonly Door[]): Promise<void> {
  const unused = doors.filter(({ isFresh, isUsed }) => isFresh && !isUsed).map(({ id }) => id)
  if (unused.length > 0) await tx.execute(sql`delete from batches where id = any(${ids(unused)})`)
  const rows = doors
    .filter(({ isChanged }) => isChanged)
    .map(({ id: i, stepRef: s, carrier: r, items: n, closesAt: c, limitAt: l, isOpen: o }) => ({ i, s, r, n, c, l, o }))
  if (rows.length === 0) return
  await tx.execute(
    sql`update batches b set step_ref = x.s, carrier = x.r, items = x.n, closes_at = to_timestamp(x.c / 1000.0),
          limit_at = to_timestamp(x.l / 1000.0), is_open = x.o, revision = b.revision + 1
        from jsonb_to_recordset(${json(rows)}) as x(i bigint, s text, r bigint, n integer, c float8, l float8, o boolean)
        where b.id = x.i`,
  )
}
