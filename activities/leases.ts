import { randomUUID } from 'node:crypto'
import type { Logger } from 'pino'
import type { MessageKey } from '../store/ids/message-id.ts'
import { renewLeases, type Believed } from '../store/messages/claims.ts'
import type { Database } from '../store/postgres/database.ts'

/** How long a claim holds without being renewed: a lease that ran out is a dead worker's. */
export const LEASE_MS = 30_000
const RENEW_MS = 8_000
/** After a renewal that failed. */
const RENEW_AGAIN_MS = 1_000

interface UnderWay {
  message: Believed
  /** Its provider's own limit, by this process's monotonic clock: no lease is renewed for longer. */
  until: number
}

/** The sends of this process: who they belong to in the store, and that their leases do not run out while they last. */
export class Leases {
  /** Names this process in claims. */
  readonly owner = randomUUID()
  readonly #db: Database
  readonly #now: () => number
  readonly #log: Logger
  /** By message: one whose lease was lost may last while it is sent again. */
  readonly #underWay = new Map<string, UnderWay[]>()
  readonly #done = new Set<Promise<void>>()
  #timer: NodeJS.Timeout | undefined
  #again: NodeJS.Timeout | undefined

  constructor(db: Database, now: () => number, log: Logger) {
    this.#db = db
    this.#now = now
    this.#log = log
  }

  has(key: MessageKey): boolean {
    return this.#underWay.has(textOf(key))
  }

  /** Keeps the lease of a claimed message while `send` lasts, `mostMs` at most. */
  async hold<Result>(message: Believed, mostMs: number, send: () => Promise<Result>): Promise<Result> {
    const text = textOf(message)
    const underWay = { message, until: performance.now() + mostMs }
    this.#underWay.set(text, [...(this.#underWay.get(text) ?? []), underWay])
    this.#timer ??= setInterval(() => void this.#renew(), RENEW_MS).unref()
    const sent = send().finally(() => {
      const others = this.#underWay.get(text)!.filter((each) => each !== underWay)
      if (others.length === 0) this.#underWay.delete(text)
      else this.#underWay.set(text, others)
    })
    const done = sent.then(
      () => undefined,
      () => undefined,
    )
    this.#done.add(done)
    void done.then(() => this.#done.delete(done))
    return sent
  }

  /** Waits for the sends under way. */
  async close(): Promise<void> {
    while (this.#done.size > 0) await Promise.all(this.#done)
    clearInterval(this.#timer)
    clearTimeout(this.#again)
  }

  async #renew(isAgain = false): Promise<void> {
    const all = [...this.#underWay.values()].flat()
    const held = all.filter(({ until }) => performance.now() < until).map(({ message }) => message)
    if (held.length === 0) return
    try {
      await renewLeases(this.#db, held, this.owner, this.#now() + LEASE_MS)
    } catch (error) {
      // A lease lasts three rounds. One that ran out while the store was away stands until somebody takes it.
      this.#again ??= setTimeout(() => {
        this.#again = undefined
        void this.#renew(true)
      }, RENEW_AGAIN_MS).unref()
      if (!isAgain) this.#log.warn({ err: error, messages: held.length }, 'leases of sends under way were not renewed')
    }
  }
}

function textOf({ recipientRunId, number }: MessageKey): string {
  return `${recipientRunId}/${number}`
}
