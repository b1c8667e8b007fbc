import {
  idsOf,
  toRanges,
  type Carried,
  type Counts,
  type DeliverInput,
  type DeliverResult,
  type Sleepers,
} from './messages.ts'
import { carry, unpack } from './carried.ts'
import { DueQueue } from './due-queue.ts'

export interface Sleeper {
  due: number
  step: string
  revision: number
  name: string | undefined
}

/** One hand-out: the activity's input but for the clock, and who is in it. */
export type Chunk = Omit<DeliverInput, 'now'> & { size: number }

/**
 * Everything pending under one key, as plain records: a recipient costs memory and no promise. Knows nothing of
 * Temporal. The store decides what is sent; this decides who is handed out when. Per row the highest revision wins, so
 * signals may come late, twice and in any order.
 */
export class RunState {
  readonly counts: Counts
  /** Public ids of the triggers, in the order of their arrival. */
  readonly triggers: Set<string>
  readonly sleepers = new Map<number, Sleeper>()
  readonly #delivering = new Map<number, Sleeper>()
  /** Taken out, as far as this execution was told: a trigger that comes late, or again, does not bring them back. */
  readonly #removed: Set<number>
  /** Those of them that were not asleep here: being delivered, or their trigger's signal is still under way. */
  readonly #removedEarly: Set<number>
  /** Moves of rows not asleep here. */
  readonly #moved = new Map<number, Sleeper>()
  #peak = 0
  readonly #queue = new DueQueue((id, due) => this.sleepers.get(id)?.due === due)

  constructor(carried?: Carried) {
    this.counts = carried?.counts ?? { sent: 0, canceled: 0, skipped: 0, failed: 0 }
    this.triggers = new Set(carried?.triggers)
    this.#removed = new Set(idsOf(carried?.removed ?? []))
    this.#removedEarly = new Set(this.#removed)
    for (const group of carried?.moved ?? []) for (const [id, moved] of eachOf(group)) this.#moved.set(id, moved)
    for (const [id, sleeper] of unpack(carried?.sleepers ?? [])) this.#sleep(id, sleeper)
  }

  get delivering(): number {
    return this.#delivering.size
  }

  get pending(): number {
    return this.sleepers.size + this.#delivering.size
  }

  /** The most that ever slept here at once. */
  get peak(): number {
    return this.#peak
  }

  /** The highest row id pending here, 0 if none is: ids grow with each trigger accepted. */
  get newest(): number {
    let newest = 0
    for (const id of this.sleepers.keys()) if (id > newest) newest = id
    for (const id of this.#delivering.keys()) if (id > newest) newest = id
    return newest
  }

  get nextDue(): number | undefined {
    return this.#queue.earliest()
  }

  add(group: Sleepers): void {
    for (const [id, sleeper] of eachOf(group)) this.#add(id, sleeper)
  }

  /** Takes rows out for good. */
  remove(ids: Iterable<number>): void {
    for (const id of ids) {
      if (this.#removed.has(id)) continue
      this.#removed.add(id)
      this.#moved.delete(id)
      if (this.sleepers.delete(id)) this.counts.canceled += 1
      else this.#removedEarly.add(id)
    }
  }

  move(group: Sleepers): void {
    for (const [id, moved] of eachOf(group)) {
      if (this.#removed.has(id)) continue
      const asleep = this.sleepers.get(id)
      if (asleep === undefined) {
        if ((this.#moved.get(id)?.revision ?? 0) < moved.revision) this.#moved.set(id, moved)
      } else if (asleep.revision < moved.revision) {
        this.#sleep(id, { ...moved, name: asleep.name })
      }
    }
  }

  /** Hands out those whose instant has come: at most `limit` chunks of at most `size`, each of one step. */
  takeDue(now: number, limit: number, size: number): Chunk[] {
    const taken: { step: string; rows: [number, Sleeper][] }[] = []
    const open = new Map<string, [number, Sleeper][]>()
    for (let id = this.#queue.first(now); id !== undefined; id = this.#queue.first(now)) {
      const sleeper = this.sleepers.get(id)!
      let rows = open.get(sleeper.step)
      if (rows === undefined || rows.length === size) {
        if (taken.length >= limit) break
        rows = []
        open.set(sleeper.step, rows)
        taken.push({ step: sleeper.step, rows })
      }
      rows.push([id, sleeper])
      this.sleepers.delete(id)
    }
    return taken.map(({ step, rows }) => this.#handOut(step, rows))
  }

  /** Takes a chunk back: some sleep again, the rest are through. */
  settle(chunk: Chunk, result: DeliverResult): void {
    for (const key of ['sent', 'canceled', 'skipped', 'failed'] as const) this.counts[key] += result[key]
    const names = new Map<number, string | undefined>()
    for (const id of idsOf(chunk.rows.flatMap((group) => group.ids))) {
      names.set(id, this.#delivering.get(id)?.name)
      this.#delivering.delete(id)
    }
    for (const group of result.asleep) {
      for (const [id, sleeper] of eachOf(group)) {
        this.#add(id, { ...sleeper, name: names.get(id) })
        names.delete(id)
      }
    }
    // Through for good: what was held for their return is of no use any more.
    for (const id of names.keys()) {
      this.#removedEarly.delete(id)
      this.#moved.delete(id)
    }
  }

  /** What the next execution starts with. Nothing may be in delivery. */
  carry(): Carried {
    return carry(this.sleepers, toRanges(this.#removedEarly), this.#moved, this.counts, [...this.triggers])
  }

  #add(id: number, sleeper: Sleeper): void {
    if (this.#delivering.has(id)) return
    if (this.#removed.has(id)) {
      if (this.#removedEarly.delete(id)) this.counts.canceled += 1
      return
    }
    const moved = this.#moved.get(id)
    this.#moved.delete(id)
    const newest = moved !== undefined && moved.revision > sleeper.revision ? { ...moved, name: sleeper.name } : sleeper
    if ((this.sleepers.get(id)?.revision ?? 0) < newest.revision) this.#sleep(id, newest)
  }

  #sleep(id: number, sleeper: Sleeper): void {
    this.sleepers.set(id, sleeper)
    this.#peak = Math.max(this.#peak, this.sleepers.size)
    this.#queue.add(id, sleeper.due)
  }

  #handOut(step: string, taken: [number, Sleeper][]): Chunk {
    const byRevision = new Map<number, number[]>()
    for (const [id, sleeper] of taken) {
      this.#delivering.set(id, sleeper)
      const same = byRevision.get(sleeper.revision)
      if (same === undefined) byRevision.set(sleeper.revision, [id])
      else same.push(id)
    }
    const rows = [...byRevision].map(([revision, ids]) => ({ revision, ids: toRanges(ids) }))
    return { step, rows, size: taken.length }
  }
}

function* eachOf(group: Sleepers): Generator<[number, Sleeper]> {
  const { due, step, revision, names } = group
  let place = 0
  for (const [first, last] of group.rows) {
    for (let id = first; id <= last; id += 1) yield [id, { due, step, revision, name: names?.[place++] }]
  }
}
