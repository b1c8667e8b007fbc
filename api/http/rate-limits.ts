import type { Settings } from '../../settings/settings.ts'
import { recipientKey } from '../../store/ids/recipient.ts'
import type { Database } from '../../store/postgres/database.ts'
import { takeRequests } from '../../store/rate-limits/take-requests.ts'
import { subjectOf } from './authorize.ts'
import type { ApiCaller } from './caller.ts'
import { ApiError } from './errors.ts'
import { RateWindow } from './rate-window.ts'
import type { Route } from './route.ts'

/** Limits are a second's, and counted over so long: a page may ask for much at once. */
const WINDOW_MS = 5_000

export interface RateLimitDeps {
  settings: Pick<Settings, 'BELAY_RATE_LIMIT' | 'BELAY_RATE_LIMIT_PER_USER'>
  store: { db: Database }
  /** The same for all apis: the store's clock. */
  now: () => number
}

/** Bounds the requests of a secret key, and of a user, over all apis of a store. */
export class RateLimits {
  readonly #deps: RateLimitDeps
  #window: RateWindow

  constructor(deps: RateLimitDeps) {
    this.#deps = deps
    this.#window = this.#open(0)
  }

  /** Counts a request. Throws `rate_limited`, with the seconds until it may be repeated: 5 at most. */
  async count(route: Route, params: Record<string, string>, caller: ApiCaller): Promise<void> {
    const { BELAY_RATE_LIMIT: ofKey, BELAY_RATE_LIMIT_PER_USER: ofUser } = this.#deps.settings
    const user = caller.token?.userId ?? userOf(route, params)
    const [subject, perSecond] = caller.kind === 'secret' ? [`key ${caller.id}`, ofKey] : [`user ${user}`, ofUser]
    if (perSecond === 0) return
    const now = this.#deps.now()
    const startsAt = now - (now % WINDOW_MS)
    // A clock that was set back by some milliseconds opens no window a second time.
    if (startsAt > this.#window.startsAt) this.#window = this.#open(startsAt)
    if (await this.#window.lets(subject, perSecond * (WINDOW_MS / 1_000))) return
    const seconds = Math.ceil((this.#window.startsAt + WINDOW_MS - now) / 1_000)
    throw new ApiError('rate_limited', { retryAfter: Math.min(Math.max(seconds, 1), WINDOW_MS / 1_000) })
  }

  #open(startsAt: number): RateWindow {
    return new RateWindow(startsAt, (asks, window) => takeRequests(this.#deps.store.db, asks, window))
  }
}

/** Whom a public key without a user token acts for, as far as the path says. */
function userOf(route: Route, params: Record<string, string>): string {
  const whose = subjectOf(route, params)
  return whose === undefined ? '' : recipientKey(whose)
}
