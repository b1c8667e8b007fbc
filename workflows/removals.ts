import type { Lane } from './lane-name.ts'
import { RecentKeys } from './recent-keys.ts'

/** At least so many rows are remembered, and fewer than twice as many. */
export const KEPT = 50_000

/** What was taken out of lanes last: its trigger's signal may still be under way, or come again. */
export class Removals {
  /** Lane and row. */
  readonly #removed = new RecentKeys<string>(KEPT)
  /** Rows counted as canceled, so that one taken out of several lanes counts once. */
  readonly #canceled = new RecentKeys<number>(KEPT)

  has(lane: Lane, id: number): boolean {
    return this.#removed.has(keyOf(lane, id))
  }

  add(lane: Lane, id: number): void {
    this.#removed.add(keyOf(lane, id))
  }

  /** Whether a row was not taken out of any lane before. Asked once for each lane. */
  isFirstOf(id: number): boolean {
    if (this.#canceled.has(id)) return false
    this.#canceled.add(id)
    return true
  }

  clear(): void {
    this.#removed.clear()
    this.#canceled.clear()
  }
}

function keyOf(lane: Lane, id: number): string {
  return `${lane} ${id}`
}
