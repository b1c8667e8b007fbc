import type { Lane } from './lane-name.ts'
import type { Edge } from './sleepers.ts'

/** Sleepers a run holds in memory; the store has the rest. */
export const WINDOW = 50_000
/** Beyond so many the latest are forgotten: the store has them. */
export const WINDOW_SLACK = 10_000

/**
 * How much of a run's sleepers is in memory: all of them, or those up to an edge in the order (due, lane, row). Knows
 * nothing of who they are.
 */
export class Window {
  #edge: Edge | null | 'everything'

  /** `everything`: the store has nothing that this run was not told of. Otherwise nothing is loaded yet. */
  constructor(everything: boolean) {
    this.#edge = everything ? 'everything' : null
  }

  get isComplete(): boolean {
    return this.#edge === 'everything'
  }

  /** Something was loaded, or there was nothing to load. */
  get hasBegun(): boolean {
    return this.#edge !== null
  }

  /** Where the next page begins; null: at the beginning. */
  get edge(): Edge | null {
    return this.#edge === 'everything' ? null : this.#edge
  }

  /** A page ends at this edge; null: nothing follows. */
  loaded(edge: Edge | null): void {
    this.#edge = edge ?? 'everything'
  }

  /** Nothing that is in memory counts any more. */
  restart(): void {
    this.#edge = null
  }

  holds(due: number, lane: Lane, row: number): boolean {
    if (this.#edge === 'everything') return true
    return this.#edge !== null && compare({ due, lane, row }, this.#edge) <= 0
  }
}

/** The order of pages: lanes compare by their UTF-16 units, as the store's "C" collation has them for what lanes hold. */
export function compare(a: Edge, b: Edge): number {
  if (a.due !== b.due) return a.due - b.due
  if (a.lane !== b.lane) return a.lane < b.lane ? -1 : 1
  return a.row - b.row
}
