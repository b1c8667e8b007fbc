import pLimit, { type LimitFunction } from 'p-limit'
import { setTimeout as wait } from 'node:timers/promises'
import { paceSettings } from './settings.ts'
import type { Channel } from '../definitions/catalog.ts'

interface Lane {
  /** Sends under way. */
  atOnce: LimitFunction
  /** One at a time waits for the next start, so that whoever gives up leaves no gap. */
  start: LimitFunction
  lastStart: number
}

/** Turns at each channel's provider, shared by all chunks of this worker process: how many at once, how many a second. */
export class Pacing {
  readonly #lanes = new Map<string, Lane>()

  /** Runs `send` when its turn has come, first come first served. Undefined, with nothing run: `stop` came first. */
  async turn<Result>(
    channel: Channel,
    concurrency: number,
    stop: AbortSignal,
    send: () => Promise<Result>,
  ): Promise<Result | undefined> {
    const pace = paceSettings.safeParse(channel.settings).data
    const lane = this.#laneOf(channel.key, pace?.concurrency ?? concurrency)
    return lane.atOnce(async () => {
      const rate = pace?.rate_limit?.per_second
      if (rate !== undefined) await lane.start(() => this.#nextStart(lane, 1_000 / rate, stop))
      return stop.aborted ? undefined : send()
    })
  }

  #laneOf(key: string, concurrency: number): Lane {
    const known = this.#lanes.get(key)
    if (known !== undefined) {
      // channels.json may have been published anew.
      if (known.atOnce.concurrency !== concurrency) known.atOnce.concurrency = concurrency
      return known
    }
    const lane = { atOnce: pLimit(concurrency), start: pLimit(1), lastStart: -Infinity }
    this.#lanes.set(key, lane)
    return lane
  }

  async #nextStart(lane: Lane, apartMs: number, stop: AbortSignal): Promise<void> {
    const left = lane.lastStart + apartMs - performance.now()
    if (left > 0) await wait(left, undefined, { signal: stop }).catch(() => undefined)
    if (stop.aborted) return
    const ideal = lane.lastStart + apartMs
    const now = performance.now()
    // A timer a little late is made up for with the next; a pause is not.
    lane.lastStart = ideal < now - apartMs ? now : ideal
  }
}
