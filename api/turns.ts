/** How long a request waits for those before it; then it goes to the store all the same, which decides anyhow. */
const PATIENCE_MS = 2_000

/**
 * Requests for one key, one after the other in this process. They would wait for the same row in the store, each
 * holding a connection meanwhile: a busy key must not take those from everybody else.
 */
export class Turns {
  readonly #last = new Map<string, Promise<unknown>>()

  async run<Result>(key: string | null, work: () => Promise<Result>): Promise<Result> {
    if (key === null) return work()
    const before = this.#last.get(key)
    const mine = before === undefined ? work() : patiently(before).then(work)
    const over = mine.catch(() => undefined)
    this.#last.set(key, over)
    try {
      return await mine
    } finally {
      if (this.#last.get(key) === over) this.#last.delete(key)
    }
  }
}

function patiently(before: Promise<unknown>): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, PATIENCE_MS)
    void before.then(() => {
      clearTimeout(timer)
      resolve()
    })
  })
}
