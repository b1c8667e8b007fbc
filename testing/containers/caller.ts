import { randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { apiUrl } from './stack.ts'

export interface Asked<Body> {
  body: Body
  /** Tries before the one that was answered; what one of them did is not known. */
  failedTries: number
}

const TRY_MS = 25_000
const RETRY_MS = 500
/** Longer than any fault lasts. */
const ASK_FOR_MS = 150_000
const SECRET_KEY = 'sk_development_only'

/** Answers by status, and calls that ended without one as "none". */
export type Tries = Map<string, number>

/**
 * Asks until it is answered 200, with one Idempotency-Key, as a product would. Undefined after two and a half minutes. Any
 * other answer than 200 or 503 is no matter of availability, and thrown.
 */
export async function ask<Body>(
  path: string,
  body: unknown,
  tries: Tries,
  url = apiUrl(),
): Promise<Asked<Body> | undefined> {
  const key = randomUUID()
  const until = performance.now() + ASK_FOR_MS
  for (let failedTries = 0; performance.now() < until; failedTries += 1) {
    const answer = await once(path, body, key, url)
    const name = answer === undefined ? 'none' : String(answer.status)
    tries.set(name, (tries.get(name) ?? 0) + 1)
    if (answer?.status === 200) return { body: JSON.parse(answer.text) as Body, failedTries }
    if (answer !== undefined && answer.status !== 503) {
      throw new Error(`${path}: ${answer.status} ${answer.text.slice(0, 500)}`)
    }
    await wait(RETRY_MS)
  }
  return undefined
}

/** Undefined: no whole answer came. */
async function once(path: string, body: unknown, key: string, url: string) {
  const headers = {
    authorization: `Bearer ${SECRET_KEY}`,
    'content-type': 'application/json',
    'idempotency-key': key,
  }
  try {
    const response = await fetch(url + path, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(TRY_MS),
    })
    return { status: response.status, text: await response.text() }
  } catch {
    return undefined
  }
}

export async function read<Body>(path: string): Promise<Body> {
  const headers = { authorization: `Bearer ${SECRET_KEY}` }
  const response = await fetch(apiUrl() + path, { headers, signal: AbortSignal.timeout(TRY_MS) })
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
  return (await response.json()) as Body
}
