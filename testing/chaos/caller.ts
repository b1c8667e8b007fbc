import { randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { SECRET_KEY } from '../product/api-server.ts'

const TRY_MS = 10_000
const RETRY_MS = 250
/** Longer than anything is away. */
const ASK_FOR_MS = 240_000

/** A call that was answered 200: when it was first asked, and when it was answered. */
export interface Asked<Body> {
  body: Body
  askedAt: number
  answeredAt: number
}

/** Asks as a product would: with one Idempotency-Key until it is answered. */
export class ChaosCaller {
  readonly url: () => string
  /** Tries that were not answered 200, by status; 0: no whole answer. */
  readonly failed = new Map<number, number>()
  /** Answers that are neither 200 nor 503. */
  readonly wrong: string[] = []

  constructor(url: () => string) {
    this.url = url
  }

  /** Undefined: it was never answered 200, and what became of it is not known. */
  async ask<Body>(path: string, body: unknown): Promise<Asked<Body> | undefined> {
    const key = randomUUID()
    const askedAt = Date.now()
    while (Date.now() - askedAt < ASK_FOR_MS) {
      const answer = await this.#once(path, body, key)
      if (answer?.status === 200) {
        return { body: JSON.parse(answer.text) as Body, askedAt, answeredAt: Date.now() }
      }
      const status = answer?.status ?? 0
      this.failed.set(status, (this.failed.get(status) ?? 0) + 1)
      if (answer !== undefined && status !== 503) {
        this.wrong.push(`${path}: ${status} ${answer.text.slice(0, 500)}`)
        return undefined
      }
      await wait(RETRY_MS)
    }
    return undefined
  }

  async #once(path: string, body: unknown, key: string) {
    try {
      const response = await fetch(this.url() + path, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${SECRET_KEY}`,
          'content-type': 'application/json',
          'idempotency-key': key,
        },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(TRY_MS),
      })
      return { status: response.status, text: await response.text() }
    } catch {
      return undefined
    }
  }
}
