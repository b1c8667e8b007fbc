/**
 * For how long the work of each request under way has taken: without the time for which it was paused, since it waited for
 * another call.
 */
export class WorkAges {
  /** By whose work it is, when it would have begun if it had never been paused. What is paused is not in it. */
  readonly #begun = new Map<object, number>()
  readonly #now: () => number

  /** `now`: monotonic milliseconds. */
  constructor(now: () => number) {
    this.#now = now
  }

  begin(of: object): void {
    this.#begun.set(of, this.#now())
  }

  end(of: object): void {
    this.#begun.delete(of)
  }

  /** What is returned goes on with it, at the age it has now. */
  pause(of: object): () => void {
    const begunAt = this.#begun.get(of)
    // It is paused already, or over.
    if (begunAt === undefined) return () => undefined
    const pausedAt = this.#now()
    this.#begun.delete(of)
    return () => this.#begun.set(of, begunAt + this.#now() - pausedAt)
  }

  /** How many have worked for `ms` or longer. */
  countOlder(ms: number): number {
    const before = this.#now() - ms
    let older = 0
    // Of all of them: one that went on after a pause stands behind younger ones.
    for (const begunAt of this.#begun.values()) if (begunAt <= before) older += 1
    return older
  }
}
