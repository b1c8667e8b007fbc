import type { Logger } from 'pino'

const FIRST_MS = 500
const MOST_MS = 30_000
/** Failures are told together, so often at most. */
const LOG_MS = 5_000

/** When signals that failed are sent again: ever more seldom, and by chance a little apart from other processes. */
export class ResendSchedule {
  readonly #log: Logger
  readonly #resend: () => Promise<void>
  #waitMs = FIRST_MS
  #timer: NodeJS.Timeout | undefined
  #failures = 0
  #loggedAt = -Infinity
  #closed = false

  constructor(log: Logger, resend: () => Promise<void>) {
    this.#log = log
    this.#resend = resend
  }

  /** So many signals were not taken. One line of log tells all failures of five seconds. */
  failed(signals: number, error: unknown): void {
    this.#failures += signals
    const now = performance.now()
    if (now - this.#loggedAt >= LOG_MS) {
      this.#log.warn({ err: error, signals: this.#failures }, 'signals not sent; they will be sent again')
      this.#loggedAt = now
      this.#failures = 0
    }
    this.again()
  }

  /** Sends again after the wait of the moment, which grows with each round. */
  again(): void {
    if (this.#timer !== undefined || this.#closed) return
    const wait = this.#waitMs * (0.5 + Math.random())
    this.#waitMs = Math.min(2 * this.#waitMs, MOST_MS)
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#resend().catch((error: unknown) => this.failed(0, error))
    }, wait)
    this.#timer.unref()
  }

  /** Something was taken: the next failure waits for a short while only. */
  succeeded(): void {
    this.#waitMs = FIRST_MS
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
  }
}
