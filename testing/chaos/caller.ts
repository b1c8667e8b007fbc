import { randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { SECRET_KEY } from '../product/api-server.ts'

const TRY_MS = 10_000
/** Before a call is asked again: twice as long each time, or as long as the answer says. */
const RETRY_MS = { first: 250, most: 4_000 }
/** Longer than anything is away. */
const ASK_FOR_MS = 240_000

/** A call that was answered 200: when it was first asked, and when it was answered. */
export interface Asked<Body> {
  body: Body
  askedAt: number
  answeredAt: number
}

/** Asks as Knock's SDKs do: with one Idempotency-Key until it is answered, less and less often. */
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
    let retryMs = RETRY_MS.first
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
      await wait(answer?.retryMs ?? retryMs)
      retryMs = Math.min(retryMs * 2, RETRY_MS.most)
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
      const after = response.headers.get('retry-after')
      return {
        status: response.status,
        text: await response.text(),
        retryMs: after === null ? undefined : Number(after) * 1_000,
      }
    } catch {
      return undefined
    }
  }
}
