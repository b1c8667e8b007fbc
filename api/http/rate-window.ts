import { setTimeout as delay } from 'node:timers/promises'
import type { Ask } from '../../store/rate-limits/take-requests.ts'

/** How the store is asked. */
export type Take = (asks: readonly Ask[], startsAt: number) => Promise<ReadonlyMap<string, number>>

interface Meter {
  limit: number
  /** Taken from the store, and not used. */
  left: number
  /** Let through and not counted in the store so far. */
  owed: number
  waiting: number
  /** The store has no more in this window. */
  isSpent: boolean
}

/** Requests that come within this time are counted by one statement. */
const GATHER_MS = 5
/** Whoever asks the store takes this part of the limit, for requests to come. */
const LEASE = 1 / 20

/**
 * One window of time, as one api sees it. The first request of a subject is let through and counted afterwards, others
 * wait for the store only where nothing is left of what was taken before. So all apis together let through at most the
 * limit and one more for each further api, and at least the limit less 5 % for each further api.
 */
export class RateWindow {
  readonly startsAt: number
  readonly #take: Take
  readonly #meters = new Map<string, Meter>()
  readonly #due = new Set<string>()
  #next: Promise<void> | undefined
  #running = Promise.resolve()

  constructor(startsAt: number, take: Take) {
    this.startsAt = startsAt
    this.#take = take
  }

  /** Whether a request of this subject is let through. Never rejects: without the store, every request is. */
  async lets(subject: string, limit: number): Promise<boolean> {
    const meter = this.#meters.get(subject)
    if (meter === undefined) {
      this.#meters.set(subject, { limit, left: 0, owed: 1, waiting: 0, isSpent: false })
      void this.#counted(subject)
      return true
    }
    while (meter.left === 0 && !meter.isSpent) {
      meter.waiting += 1
      await this.#counted(subject)
    }
    if (meter.left === 0) return false
    meter.left -= 1
    return true
  }

  /** Resolves when the subject has been counted: one statement at a time, and what comes meanwhile is in the next. */
  #counted(subject: string): Promise<void> {
    this.#due.add(subject)
    this.#next ??= this.#count()
    return this.#next
  }

  async #count(): Promise<void> {
    await Promise.all([this.#running, delay(GATHER_MS)])
    this.#next = undefined
    this.#running = this.#ask()
    await this.#running
  }

  async #ask(): Promise<void> {
    const asked = [...this.#due].map((subject) => {
      const meter = this.#meters.get(subject)!
      const { owed, waiting, limit } = meter
      Object.assign(meter, { owed: 0, waiting: 0 })
      const want = owed + (waiting === 0 ? 0 : Math.max(waiting, Math.ceil(limit * LEASE)))
      return { subject, limit, meter, owed, want }
    })
    this.#due.clear()
    const granted = await this.#take(asked, this.startsAt).catch(() => null)
    for (const { subject, meter, owed, want } of asked) {
      // The requests themselves will tell that the store is away.
      const got = granted?.get(subject) ?? want
      meter.left += Math.max(got - owed, 0)
      meter.isSpent = got < want
    }
  }
}
