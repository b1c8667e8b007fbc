import { setTimeout as delay } from 'node:timers/promises'

export interface Looked<Value> {
  value: Value
  /** Since it was asked for, milliseconds. */
  ageMs: number
}

/**
 * Something that costs, asked for at most so often and once at a time, however many want it. Who waits, waits for the
 * deadline at most and then gets what was known before; a question that hangs keeps no other caller.
 */
export class Cached<Value> {
  readonly #ask: () => Promise<Value>
  readonly #everyMs: number
  readonly #deadlineMs: number
  #known: { value: Value; at: number } | undefined
  #asking: Promise<void> | undefined
  #askedAt = -Infinity
  #closed = false

  constructor(ask: () => Promise<Value>, { everyMs, deadlineMs }: { everyMs: number; deadlineMs: number }) {
    this.#ask = ask
    this.#everyMs = everyMs
    this.#deadlineMs = deadlineMs
  }

  /** Waits until it is fresh, or for the deadline. Undefined: never answered. Never rejects. */
  async get(): Promise<Looked<Value> | undefined> {
    await this.#waitFor(this.#refresh())
    return this.#looked()
  }

  /** What is known, without waiting; it is asked for anew where it has grown old. */
  peek(): Looked<Value> | undefined {
    void this.#refresh()
    return this.#looked()
  }

  /** Asks no more, and waits for what is under way, for the deadline at most. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#waitFor(this.#asking)
  }

  async #waitFor(asking: Promise<void> | undefined): Promise<void> {
    if (asking === undefined) return
    const late = new AbortController()
    await Promise.race([asking, delay(this.#deadlineMs, undefined, { signal: late.signal }).catch(() => undefined)])
    late.abort()
  }

  #looked(): Looked<Value> | undefined {
    return this.#known && { value: this.#known.value, ageMs: performance.now() - this.#known.at }
  }

  #refresh(): Promise<void> | undefined {
    if (this.#asking === undefined && !this.#closed && performance.now() - this.#askedAt >= this.#everyMs) {
      this.#askedAt = performance.now()
      this.#asking = this.#look(this.#askedAt).finally(() => (this.#asking = undefined))
    }
    return this.#asking
  }

  async #look(at: number): Promise<void> {
    try {
      this.#known = { value: await this.#ask(), at }
    } catch {
      // Away: what was known stays known, and grows older.
    }
  }
}
