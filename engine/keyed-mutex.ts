/** How long the work before may take, and how long a request waits in all: then it goes to the store, which decides anyhow. */
const STUCK_MS = 2_000
const PATIENCE_MS = 10_000

interface Turn {
  began: Promise<void>
  over: Promise<unknown>
}

/**
 * Requests for one key, one after the other in this process. They would wait for the same row in the store, each
 * holding a connection meanwhile: a busy key must not take those from everybody else. However many wait, they are served
 * in order as long as that goes on; one that is stuck is passed by.
 */
export class Turns {
  readonly #last = new Map<string, Turn>()

  async run<Result>(key: string | null, work: () => Promise<Result>): Promise<Result> {
    if (key === null) return work()
    const before = this.#last.get(key)
    const began = before === undefined ? Promise.resolve() : patiently(before)
    const mine = before === undefined ? work() : began.then(work)
    const turn = { began, over: mine.catch(() => undefined) }
    this.#last.set(key, turn)
    try {
      return await mine
    } finally {
      if (this.#last.get(key) === turn) this.#last.delete(key)
    }
  }
}

/** Until the turn before is over, or is stuck, or patience is. */
function patiently({ began, over }: Turn): Promise<void> {
  return new Promise((resolve) => {
    let timer = setTimeout(resolve, PATIENCE_MS)
    const giveUp = Date.now() + PATIENCE_MS
    void began.then(() => {
      clearTimeout(timer)
      timer = setTimeout(resolve, Math.max(0, Math.min(STUCK_MS, giveUp - Date.now())))
    })
    void over.then(() => {
      clearTimeout(timer)
      resolve()
    })
  })
}
