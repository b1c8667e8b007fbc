import { BelayError } from './error.ts'
import type {
  CancelOptions,
  Duration,
  MoveOptions,
  Notified,
  NotifyOptions,
  Rescheduled,
  SentNow,
  Verdict,
} from './types.ts'

export { BelayError } from './error.ts'
export type * from './types.ts'

export interface BelayOptions {
  /** Default: BELAY_SECRET_KEY. */
  apiKey?: string
  /** Default: BELAY_URL, or http://127.0.0.1:4000. */
  baseUrl?: string
  /** Tries after the first, on network errors, 429 and 5xx, all with one Idempotency-Key. Default: 2. */
  retries?: number
  /** Of one try, in milliseconds. Default: 30,000. */
  timeout?: number
}

const PAUSE_MS = 250
const PAUSE_MAX_MS = 5_000

/** Belay's own calls. For everything else, Knock's SDKs work against it unchanged. */
export class Belay {
  readonly #apiKey: string
  readonly #baseUrl: string
  readonly #retries: number
  readonly #timeout: number

  constructor(options: BelayOptions | string = {}) {
    const { apiKey, baseUrl, retries, timeout } = typeof options === 'string' ? { apiKey: options } : options
    const key = apiKey ?? process.env['BELAY_SECRET_KEY']
    if (key === undefined || key === '') throw new TypeError('No API key: give apiKey, or set BELAY_SECRET_KEY')
    this.#apiKey = key
    this.#baseUrl = withoutSlashes(baseUrl ?? process.env['BELAY_URL'] ?? 'http://127.0.0.1:4000')
    this.#retries = retries ?? 2
    this.#timeout = timeout ?? 30_000
  }

  /** Notifies people, now and later, as the definition `key` says. */
  notify(key: string, { cancelationKey, ...options }: NotifyOptions): Promise<Notified> {
    return this.#post(key, 'trigger', { ...options, cancelation_key: cancelationKey })
  }

  /** Cancels what is pending under a key, for everyone or for `recipients`, and answers what that did to each. */
  cancelNotify(key: string, cancelationKey: string | number, options: CancelOptions = {}): Promise<Verdict> {
    const { recipients, archiveSent, reason } = options
    return this.#post(key, 'cancel', { cancelation_key: cancelationKey, recipients, archive_sent: archiveSent, reason })
  }

  /** Moves the sleep people are in to another instant, or to a while from now. */
  reschedule(
    key: string,
    cancelationKey: string | number,
    to: Date | Duration,
    { recipients }: MoveOptions = {},
  ): Promise<Rescheduled> {
    const when = to instanceof Date ? { delay_until: to.toISOString() } : { delay_for: to }
    return this.#post(key, 'reschedule', { cancelation_key: cancelationKey, recipients, ...when })
  }

  /** Ends the sleep people are in. */
  sendNow(key: string, cancelationKey: string | number, { recipients }: MoveOptions = {}): Promise<SentNow> {
    return this.#post(key, 'send_now', { cancelation_key: cancelationKey, recipients })
  }

  async #post<Answer>(key: string, call: string, body: object): Promise<Answer> {
    const url = `${this.#baseUrl}/v1/workflows/${encodeURIComponent(key)}/${call}`
    const headers = {
      authorization: `Bearer ${this.#apiKey}`,
      'content-type': 'application/json',
      'idempotency-key': `belay-client-${crypto.randomUUID()}`,
    }
    for (let tried = 0; ; tried += 1) {
      const last = tried >= this.#retries
      try {
        const signal = AbortSignal.timeout(this.#timeout)
        const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body), signal })
        if (response.ok) return (await response.json()) as Answer
        const failed: unknown = await response.json().catch(() => null)
        if (last || (response.status < 500 && response.status !== 429)) {
          throw new BelayError(response.status, failed, response.headers.get('x-request-id'))
        }
        await pause(tried, Number(response.headers.get('retry-after')))
      } catch (error) {
        if (last || error instanceof BelayError) throw error
        await pause(tried, 0)
      }
    }
  }
}

function withoutSlashes(url: string): string {
  return url.endsWith('/') ? withoutSlashes(url.slice(0, -1)) : url
}

function pause(tried: number, retryAfterS: number): Promise<void> {
  const ms = Math.min(PAUSE_MAX_MS, Math.max(PAUSE_MS * 2 ** tried, retryAfterS * 1_000 || 0))
  return new Promise((resolve) => setTimeout(resolve, ms))
}
