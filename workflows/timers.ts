import { CancellationScope, isCancellation, sleep } from '@temporalio/workflow'

export interface Wanted {
  /** Epoch milliseconds. */
  due: number
  summary: string
}

/** A server holds no timer beyond some 290 years, and a due by hand may name any instant: one that fires early is armed again. */
const LONGEST_MS = 400 * 24 * 3_600_000

interface Armed {
  due: number
  scope: CancellationScope
}

/** The timers of a run, derived from its state: `arm` makes them what is wanted now. */
export class Timers {
  readonly #armed = new Map<string, Armed>()
  readonly #onWake: () => void

  constructor(onWake: () => void) {
    this.#onWake = onWake
  }

  arm(wanted: ReadonlyMap<string, Wanted>, now: number): void {
    for (const [key, timer] of this.#armed) {
      if (wanted.get(key)?.due === timer.due) continue
      this.#armed.delete(key)
      // One whose instant has come fires by itself: canceling it jams the time-skipping server.
      if (timer.due > now) timer.scope.cancel()
    }
    for (const [key, { due, summary }] of wanted) {
      if (!this.#armed.has(key)) this.#start(key, due, summary, now)
    }
  }

  #start(key: string, due: number, summary: string, now: number): void {
    const scope = new CancellationScope()
    const timer: Armed = { due, scope }
    this.#armed.set(key, timer)
    const fired = () => {
      if (this.#armed.get(key) === timer) this.#armed.delete(key)
      this.#onWake()
    }
    scope
      .run(() => sleep(Math.min(Math.max(1, due - now), LONGEST_MS), { summary }))
      .then(fired, (error: unknown) => {
        if (!isCancellation(error)) throw error
      })
  }
}
