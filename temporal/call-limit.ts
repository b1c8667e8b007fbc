import pLimit from 'p-limit'
import { isAway, isBusy } from './refusals.ts'
import { DEADLINE_MS } from './send.ts'

/** Calls under way to Temporal from one process: more at once only wait there, and take longer each. */
const MOST = 50
const LEAST = 4
/** An answer that takes longer says that more calls than these would come too late. */
const SLOW_MS = DEADLINE_MS / 2

/** What became of a call: Temporal answered it, was too busy to, or was not reached; or there was nothing to ask. */
export type CallEnd = 'answered' | 'busy' | 'unreached' | 'not called'

/** Of a call that was refused or failed. */
export function endOf(error: unknown): CallEnd {
  return isBusy(error) ? 'busy' : isAway(error) ? 'unreached' : 'answered'
}

/**
 * How many calls to Temporal are under way at once. A server that falls behind, as one that has just come back to a backlog,
 * carries out calls that nobody waits for any more, and they are made again: it gets half as many at once, and one more for
 * each round of answers that come in time.
 */
export class CallLimit {
  readonly #limit = pLimit(MOST)
  #room = MOST
  #begun = 0
  /** Of calls begun before it, another that is late says nothing new. */
  #narrowedAt = 0
  #answeredAt = -Infinity

  /** Resolves once there was room for `call`, and it is over. */
  run(call: () => Promise<CallEnd>): Promise<void> {
    return this.#limit(async () => {
      const number = ++this.#begun
      const began = performance.now()
      const end = await call()
      if (end === 'answered') this.#answeredAt = performance.now()
      if (end === 'busy' || (end === 'answered' && performance.now() - began > SLOW_MS)) this.#narrow(number)
      else if (end === 'answered') this.#widen()
    })
  }

  /** As `run`, of a call that fails by rejecting. Resolves and rejects as it does. */
  async send<Result>(call: () => Promise<Result>): Promise<Result> {
    let ended: { result: Result } | { error: unknown } | undefined
    await this.run(async () => {
      try {
        ended = { result: await call() }
        return 'answered'
      } catch (error) {
        ended = { error }
        return endOf(error)
      }
    })
    if (ended === undefined || 'error' in ended) throw ended?.error
    return ended.result
  }

  get concurrency(): number {
    return this.#limit.concurrency
  }

  /** Another call was answered a moment ago: one that was not says that Temporal is busy, and not that it is away. */
  get isAnswering(): boolean {
    return performance.now() - this.#answeredAt < DEADLINE_MS
  }

  #narrow(number: number): void {
    if (number <= this.#narrowedAt) return
    this.#narrowedAt = this.#begun
    this.#set(Math.max(LEAST, this.#room / 2))
  }

  #widen(): void {
    this.#set(Math.min(MOST, this.#room + 1 / this.#room))
  }

  #set(room: number): void {
    this.#room = room
    const concurrency = Math.floor(room)
    if (concurrency !== this.concurrency) this.#limit.concurrency = concurrency
  }
}
