import type { Logger } from 'pino'
import { estimate, type Estimate, type RoundTrip } from './round-trips.ts'

export interface StoreClockOptions {
  /** Asks the store for its time; see askForTime. */
  ask: () => Promise<RoundTrip[]>
  log: Pick<Logger, 'info' | 'warn'>
  /** Milliseconds that never go back; the same clock that `ask` reads. */
  monotonic?: () => number
  /** The host's clock, epoch milliseconds. */
  host?: () => number
}

/** The time between two measurements. */
const EVERY_MS = 30_000
/** How often the host's clock is held against the monotonic one, and a measurement that failed is repeated. */
const LOOK_MS = 1_000
/** The host's clock has jumped if it went on by so much more, or less, than the monotonic one. */
const JUMP_MS = 500
/** The store may not be asked again sooner, however the host's clock behaves. */
const APART_MS = 200
/** More than this between host and store is worth a warning. */
const SKEW_MS = 2_000

/** What reads the time needs of it. */
export type Clock = Pick<StoreClock, 'now' | 'warning' | 'skewMs'>

/**
 * The store's clock, read in this process. It runs on the monotonic clock from measurement to measurement, so that a host
 * clock that is wrong or is set changes nothing. While nothing has been measured it is the host's clock. It may go back by
 * some milliseconds when it is measured anew, and by more when the store's own clock was set or another server took over.
 */
export class StoreClock {
  readonly #options: Required<StoreClockOptions>
  #measured: (Estimate & { at: number; hostAhead: number }) | undefined
  #askedAt = -Infinity
  #asking: Promise<boolean> | undefined
  #timer: NodeJS.Timeout | undefined
  #warned = false

  constructor(options: StoreClockOptions) {
    this.#options = { monotonic: () => performance.now(), host: Date.now, ...options }
  }

  /** Epoch milliseconds by the store's clock, whole. Bound, so that it can be handed on as a function. */
  readonly now = (): number => {
    const { monotonic, host } = this.#options
    if (this.#measured === undefined) return host()
    this.#lookForJump()
    return Math.floor(this.#measured.base + monotonic())
  }

  /** Milliseconds by which the host's clock was ahead of the store's (negative: behind) when last measured; null before. */
  get skewMs(): number | null {
    return this.#measured === undefined ? null : Math.round(this.#measured.hostAhead - this.#measured.base)
  }

  /** Milliseconds by which the last measurement can be off; null before the first. */
  get uncertaintyMs(): number | null {
    return this.#measured?.uncertaintyMs ?? null
  }

  /** What an operator must know, as one sentence; undefined while the clocks agree to within two seconds. */
  get warning(): string | undefined {
    const { skewMs } = this
    if (skewMs === null || Math.abs(skewMs) <= SKEW_MS) return undefined
    const apart = (Math.abs(skewMs) / 1_000).toFixed(1)
    return `this host's clock is ${apart} s ${skewMs > 0 ? 'ahead of' : 'behind'} the store's; the store's counts: set the host's (NTP)`
  }

  /** Measures once, then goes on by itself until it is closed. A store that does not answer is asked again; never rejects. */
  async start(): Promise<this> {
    await this.measure()
    this.#timer ??= setInterval(() => {
      const { monotonic } = this.#options
      if (this.#measured === undefined || monotonic() - this.#measured.at >= EVERY_MS) void this.measure()
      else this.#lookForJump()
    }, LOOK_MS)
    this.#timer.unref()
    return this
  }

  /** Measures anew; who asks meanwhile waits for the same answer. False if the store did not answer; never rejects. */
  measure(): Promise<boolean> {
    this.#asking ??= this.#measure().finally(() => (this.#asking = undefined))
    return this.#asking
  }

  /** Stops measuring, and waits for what is under way. */
  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.#asking
  }

  #lookForJump(): void {
    const { monotonic, host } = this.#options
    const jumped = Math.abs(host() - monotonic() - this.#measured!.hostAhead)
    if (jumped > JUMP_MS && monotonic() - this.#askedAt >= APART_MS) void this.measure()
  }

  async #measure(): Promise<boolean> {
    const { ask, monotonic, host } = this.#options
    this.#askedAt = monotonic()
    try {
      const measured = estimate(await ask())
      const at = monotonic()
      this.#measured = { ...measured, at, hostAhead: host() - at }
      this.#tell()
      return true
    } catch {
      // Away or busy: the clock runs on by what was measured before, and the next look asks again.
      return false
    }
  }

  #tell(): void {
    const { warning } = this
    const { log } = this.#options
    if (warning !== undefined && !this.#warned) log.warn({ skewMs: this.skewMs }, warning)
    if (warning === undefined && this.#warned)
      log.info({ skewMs: this.skewMs }, 'host and store agree on the time again')
    this.#warned = warning !== undefined
  }
}
