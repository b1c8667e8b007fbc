/** Less than this between the two clocks is a matter of how long results travel, and of activities that wait a little. */
const SKEW_MS = 2_000
/** Timers are armed anew only if the clocks have moved against each other by more. */
const CHANGE_MS = 1_000
const MEASUREMENTS = 8

/**
 * The store's time, as the results of activities tell it against this run's clock: instants count by the store's, and
 * timers run by Temporal's. A result that lay for a while makes the store look late, so the latest of the last few counts;
 * but what was handed out too early shows that Temporal's clock has run ahead, and none from before counts any more.
 */
export class StoreTime {
  #measured: number[] = []
  #ahead = 0

  /** By how much the store's clock is ahead of this run's, milliseconds; 0 while it is within two seconds. */
  get ahead(): number {
    return this.#ahead
  }

  /** A result has come that was made at `store` by the store's clock, at `now` by this run's. Both epoch milliseconds. */
  observe(store: number, now: number, wasEarly = false): void {
    if (wasEarly) this.#measured = []
    this.#measured.push(store - now)
    if (this.#measured.length > MEASUREMENTS) this.#measured.shift()
    const latest = Math.max(...this.#measured)
    const ahead = Math.abs(latest) <= SKEW_MS ? 0 : latest
    if (Math.abs(ahead - this.#ahead) > CHANGE_MS) this.#ahead = ahead
  }
}
