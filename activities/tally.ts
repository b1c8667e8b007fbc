import { RUN_LANE } from '../workflows/lane-name.ts'
import type { ChunkResult } from '../workflows/run-activities.ts'
import type { Counts } from '../workflows/run-view.ts'
import { messageLane } from '../store/ids/lane.ts'
import type { SettledTry, TrySettlement } from '../store/messages/settled-try.ts'
import { countMessage, failedRuns } from '../metrics/counted.ts'
import { sleepersOf, type Sleeper } from '../store/recipient-runs/sleepers.ts'
import type { WalkSettlement } from '../store/recipient-runs/walk-settlement.ts'

/** What a chunk came to: who was settled, how, and who sleeps again. */
export class Tally {
  readonly counts: Counts = { sent: 0, canceled: 0, skipped: 0, failed: 0 }
  readonly #asleep: Sleeper[] = []
  readonly #settled = new Set<number>()

  has(row: number): boolean {
    return this.#settled.has(row)
  }

  /** A walk that took effect, and the messages it made. */
  addWalk(walk: WalkSettlement, stepRef: string): void {
    this.#settled.add(walk.id)
    if (walk.errors > 0) {
      this.counts.failed += 1
      failedRuns.inc()
    }
    if (walk.status === 'waiting' && walk.due !== null) {
      const { id, due, revision, lane = RUN_LANE, attempt = 0, why } = walk
      const tried = { ...(attempt > 0 && { tries: attempt }), ...(why !== undefined && { why }) }
      this.sleep({ lane, id, recipient: '', step: stepRef, due, revision: revision + 1, ...tried })
    }
    for (const { recipientRunId: id, number, channelType, status, due, stepRef: step } of walk.messages) {
      if (status !== 'queued') countMessage(channelType, status)
      if (status === 'delivered') this.counts.sent += 1
      else if (status === 'not_sent') this.counts.skipped += 1
      else if (due !== null) {
        this.sleep({ lane: messageLane(channelType, number), id, recipient: '', step, due, revision: 1 })
      }
    }
  }

  /** A walk that went no further, since a cancel came while its step acted. */
  addCanceled(row: number): void {
    this.#settled.add(row)
    this.counts.canceled += 1
  }

  /** The end of a try, as it was recorded. */
  addTry(settled: SettledTry, { outcome }: TrySettlement, channelType: string): void {
    const { recipientRunId: id, number, status, stepRef: step, revision, canceled } = settled
    this.#settled.add(id)
    if (status === 'queued' && outcome.kind === 'retry') {
      const lane = messageLane(channelType, number)
      this.sleep({
        lane,
        id,
        recipient: '',
        step,
        due: outcome.due,
        revision,
        tries: settled.attempt,
        why: outcome.why,
      })
    } else if (status === 'sent' || status === 'delivered' || status === 'delivery_attempted') this.counts.sent += 1
    else if (status === 'undelivered') this.counts.failed += 1
    else if (canceled) this.counts.canceled += 1
    else this.counts.skipped += 1
  }

  sleep(sleeper: Sleeper): void {
    this.#asleep.push(sleeper)
  }

  /** `now`: the store's clock, epoch milliseconds. */
  result(now: number): ChunkResult {
    return { now, asleep: sleepersOf(this.#asleep, false), ...this.counts }
  }
}
