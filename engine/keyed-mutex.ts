/** How long the work before may take, and how long a call waits in all: then it goes to the store, which decides anyhow. */
const STUCK_MS = 2_000
const MAX_WAIT_MS = 10_000

interface Turn {
  began: Promise<void>
  ended: Promise<unknown>
}

/**
 * Calls for one key, one after the other in this process. They would wait for the same row in the store, each holding a
 * connection meanwhile: a busy key must not take those from everybody else. However many wait, they are served in order
 * as long as that goes on; after 2 s the next one passes by one that is stuck, and nobody waits longer than 10 s. It
 * saves connections; what two calls may do at once is decided by locks in the store.
 */
export class KeyedMutex {
  readonly #last = new Map<string, Turn>()

  /** Does the work once those before it under the key have done theirs; at once without a key. Throws what it throws. */
  async run<Result>(key: string | null, work: () => Promise<Result>): Promise<Result> {
    if (key === null) return work()
    const before = this.#last.get(key)
    const began = before === undefined ? Promise.resolve() : endOrStuck(before)
    const mine = before === undefined ? work() : began.then(work)
    const holder = { began, ended: mine.catch(() => undefined) }
    this.#last.set(key, holder)
    try {
      return await mine
    } finally {
      if (this.#last.get(key) === holder) this.#last.delete(key)
    }
  }
}

/** Resolves when the holder before has ended, has held for 2 s, or 10 s are over. */
function endOrStuck({ began, ended }: Turn): Promise<void> {
  return new Promise((resolve) => {
    let timer = setTimeout(resolve, MAX_WAIT_MS)
    const deadline = Date.now() + MAX_WAIT_MS
    void began.then(() => {
      clearTimeout(timer)
      timer = setTimeout(resolve, Math.max(0, Math.min(STUCK_MS, deadline - Date.now())))
    })
    void ended.then(() => {
      clearTimeout(timer)
      resolve()
    })
  })
}
