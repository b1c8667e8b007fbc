import { cameBack } from './came-back.ts'
import { chunkOf, halvesOf, type Chunk } from './chunk.ts'
import { eachOf, unpack } from './each-sleeper.ts'
import type { Lane } from './lane-name.ts'
import { slotsOf, type LaneState, type Sleeper } from './lane.ts'
import { Lanes } from './lanes.ts'
import { PageLoad } from './page-load.ts'
import { idsOf, type Range } from './ranges.ts'
import { Removals } from './removals.ts'
import type { ChunkResult, Page } from './run-activities.ts'
import type { Carried } from './run-input.ts'
import type { Counts } from './run-view.ts'
import type { Sleepers } from './sleepers.ts'
import { Slots } from './slots.ts'
import { Window, WINDOW, WINDOW_SLACK } from './window.ts'

/** Sleepers taken in before the window is looked at again. */
const TRIM_AFTER = 10_000
const LIMITS = { window: WINDOW, slack: WINDOW_SLACK }

/**
 * Everything pending under one key, as plain records: a sleeper costs memory and no promise. Knows nothing of Temporal.
 * The store decides what is sent; this decides who is handed out when. Per row and lane the highest revision wins, so
 * signals may come late, twice and in any order. What lies beyond the window is in the store alone.
 */
export class RunState {
  readonly counts: Counts
  /** Public ids of the triggers, in the order of their arrival. */
  readonly triggers: Set<string>
  readonly lanes = new Lanes()
  readonly window: Window
  readonly #limits: typeof LIMITS
  readonly #removals = new Removals()
  readonly #slots = new Slots()
  readonly #page = new PageLoad()
  #newest: number
  #peak = 0
  /** About how many the store holds beyond the window: exact with each page. */
  #beyond = 0

  /** `everything`: what the run is told by its first triggers is all the store has. */
  constructor(carried?: Carried, everything = carried === undefined, limits = LIMITS) {
    this.#limits = limits
    this.counts = carried?.counts ?? { sent: 0, canceled: 0, skipped: 0, failed: 0 }
    this.triggers = new Set(carried?.triggers)
    this.#newest = carried?.newest ?? 0
    this.window = new Window(everything)
  }

  get acting(): number {
    return this.lanes.acting
  }

  get asleep(): number {
    return this.lanes.asleep
  }

  /** All who are pending: those beyond the window are counted by the last page, and by what was told since. */
  get pending(): number {
    return this.asleep + this.acting + this.#beyond
  }

  /** The most that one lane ever held at once. */
  get peak(): number {
    return this.#peak
  }

  /** The highest row id the run was ever told of: ids grow with each trigger accepted. */
  get newest(): number {
    return this.#newest
  }

  get nextDue(): number | undefined {
    return this.lanes.nextDue
  }

  /** Nothing sleeps, acts, or lies in the store that was not loaded. */
  get isOver(): boolean {
    return this.window.isComplete && this.asleep === 0 && this.acting === 0 && !this.#page.isUnderWay
  }

  /** The next page should be loaded. */
  get wantsPage(): boolean {
    return !this.window.isComplete && !this.#page.isUnderWay && this.asleep < this.#limits.window / 2
  }

  add(group: Sleepers): void {
    let added = 0
    for (const [id, sleeper] of eachOf(group)) {
      this.#add(group.lane, id, sleeper)
      added += 1
      if (added % TRIM_AFTER === 0) this.#trim()
    }
    this.#trim()
  }

  /** Takes what the store has taken out of the lanes; each recipient run counts once as canceled. */
  remove(removed: readonly { lane: Lane; rows: readonly Range[] }[]): void {
    for (const { lane, rows } of removed) {
      for (const id of idsOf(rows)) {
        if (this.#removals.has(lane, id)) continue
        this.#removals.add(lane, id)
        if (this.#removals.isFirstOf(id)) this.counts.canceled += 1
        const found = this.lanes.get(lane)
        found?.moved.delete(id)
        const isHere = found?.asleep.delete(id) === true || found?.acting.has(id) === true
        if (!isHere && id <= this.#newest && this.#beyond > 0) this.#beyond -= 1
      }
    }
  }

  /** Hands out those whose instant has come, at most `size` a chunk and as many chunks as `slots` leaves to each lane's kind. */
  takeDue(now: number, slots: (kind: string) => number, size: number): Chunk[] {
    const chunks: Chunk[] = []
    for (const [lane, state] of this.lanes) {
      const kind = slotsOf(lane)
      for (let free = slots(kind) - this.#slots.taken(kind); free > 0; free -= 1) {
        const taken = state.take(now, size)
        if (taken.length === 0) break
        this.#slots.take(kind)
        chunks.push(chunkOf(lane, taken))
      }
    }
    return chunks
  }

  /**
   * Takes a chunk back: some sleep again, the rest are through. Without a result, none is told of any more. True if some
   * came back because their instant is still to come by the store's clock.
   */
  settle(chunk: Chunk, result?: ChunkResult): boolean {
    this.#slots.release(slotsOf(chunk.lane))
    const lane = this.lanes.get(chunk.lane)!
    const back = new Map<number, Sleeper>()
    for (const id of chunk.rows.flatMap((group) => idsOf(group.ids))) {
      // A result may name others, and by a reload the lane may have forgotten whom it does not.
      const sleeper = lane.acting.get(id)
      if (sleeper !== undefined) back.set(id, sleeper)
      lane.acting.delete(id)
    }
    const isEarly = result !== undefined && this.#takeBack(chunk, lane, back, result)
    // Through in this lane, unless they were moved after the answer was made: the store decides when they are handed out.
    for (const id of back.keys()) {
      const moved = lane.moved.get(id)
      lane.moved.delete(id)
      if (moved !== undefined && result !== undefined) this.#add(chunk.lane, id, moved)
    }
    this.#trim()
    return isEarly
  }

  /** Adds who sleeps again, and takes them out of `back`. True if some of them came too early. */
  #takeBack(chunk: Chunk, lane: LaneState, back: Map<number, Sleeper>, result: ChunkResult): boolean {
    for (const key of ['sent', 'canceled', 'skipped', 'failed'] as const) this.counts[key] += result[key]
    const { again, isEarly, isIdle } = cameBack(chunk, back, result)
    const notBefore = lane.restAfter(isIdle, result.now)
    for (const { lane: its, id, sleeper } of again) {
      if (its === chunk.lane) back.delete(id)
      this.#add(its, id, { ...sleeper, ...(notBefore !== undefined && { notBefore }) })
    }
    return isEarly
  }

  /** A chunk as two of half its size, both under way. */
  halve(chunk: Chunk): Chunk[] {
    this.#slots.take(slotsOf(chunk.lane))
    return halvesOf(chunk)
  }

  /**
   * A page is being loaded: what is told beyond the window meanwhile may not be in it, and is kept. Answers a number to
   * end it with: a page that a reload has overtaken is left aside.
   */
  beginPage(): number {
    return this.#page.begin()
  }

  endPage(begun: number, page: Page): void {
    if (!this.#page.isCurrent(begun)) return
    for (const id of page.triggers) this.triggers.add(id)
    if (page.newest > this.#newest) this.#newest = page.newest
    this.#beyond = page.beyond
    this.window.loaded(page.edge)
    for (const [lane, id, sleeper] of unpack(page)) this.#add(lane, id, sleeper)
    const deferred = this.#page.end()
    if (deferred.length > this.#limits.window) this.reload()
    for (const [lane, id, sleeper] of deferred) this.#add(lane, id, sleeper)
    this.#trim()
  }

  /** A page that cannot be loaded: what is in memory is all this execution will serve. */
  abandonPage(begun: number): void {
    if (!this.#page.isCurrent(begun)) return
    this.#page.end()
    this.window.loaded(null)
  }

  /** Forgets who sleeps: the store is read again from the beginning. What is acting is taken back as it comes. */
  reload(): void {
    this.#beyond += this.asleep
    this.lanes.forgetAsleep()
    this.#page.overtake()
    this.window.restart()
  }

  /** The store is an earlier one: whom it holds again was perhaps taken out by what it does not know of. */
  restored(): void {
    this.#removals.clear()
    this.reload()
  }

  /** What the next execution starts with: it reads who sleeps from the store. Nothing may be acting. */
  carry(triggersKept: number): Carried {
    return { counts: this.counts, triggers: [...this.triggers].slice(-triggersKept), newest: this.#newest }
  }

  #add(lane: Lane, id: number, sleeper: Sleeper): void {
    if (id > this.#newest) this.#newest = id
    const state = this.lanes.open(lane)
    const acting = state.acting.get(id)
    if (acting !== undefined) {
      const newest = state.moved.get(id) ?? acting
      if (newest.revision < sleeper.revision) state.moved.set(id, sleeper)
      return
    }
    if (this.#removals.has(lane, id)) return
    const moved = state.moved.get(id)
    state.moved.delete(id)
    const newest = moved !== undefined && moved.revision > sleeper.revision ? moved : sleeper
    const known = state.asleep.get(id)
    if (known !== undefined && known.revision >= newest.revision) return
    if (!this.window.holds(newest.due, lane, id)) {
      // Beyond the window: it comes with its page.
      state.asleep.delete(id)
      if (!this.#page.defer(lane, id, newest)) this.#beyond += 1
      return
    }
    state.sleep(id, { ...newest, name: newest.name ?? known?.name ?? sleeper.name })
    this.#peak = Math.max(this.#peak, state.size)
  }

  /** Keeps the earliest, and forgets the rest up to a new edge. */
  #trim(): void {
    const { window, slack } = this.#limits
    const { asleep } = this
    // While a page is loaded its beginning must stay the end of what is in memory.
    if (this.#page.isUnderWay || asleep <= window + slack) return
    this.window.loaded(this.lanes.forgetLatest(window))
    this.#beyond += asleep - window
  }
}
