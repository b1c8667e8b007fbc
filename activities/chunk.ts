import { activityInfo, cancellationSignal, heartbeat } from '@temporalio/activity'
import { ApplicationFailure } from '@temporalio/common'
import { setTimeout as sleep } from 'node:timers/promises'
import { idsOf, type Range } from '../workflows/ranges.ts'
import type { StoreIdentity } from '../workflows/store-identity.ts'

const HEARTBEAT_MS = 3_000
/** A hand-out that comes before its instant by the store's clock waits so long at most, and is handed back then. */
const EARLY_MS = 10_000

/** Runs `work` with a heartbeat every three seconds. */
export async function withHeartbeat<Result>(work: () => Promise<Result>): Promise<Result> {
  const beat = setInterval(heartbeat, HEARTBEAT_MS)
  try {
    return await work()
  } finally {
    clearInterval(beat)
  }
}

/** Without a sign of life for so long, by its own clock, it may be given up: the server waits for ten seconds. */
const GIVEN_UP_MS = 8_000

/**
 * The same for work whose run may hear another attempt's answer instead: `isGivenUp` tells whether the server may have handed
 * it out again, since the process stood still, or the attempt is over. Once so, always. `now`: the store's clock.
 */
export function withSignsOfLife<Result>(
  now: () => number,
  work: (isGivenUp: () => boolean) => Promise<Result>,
): Promise<Result> {
  const stop = cancellationSignal()
  let last = now()
  let stoodStill = false
  const look = () => {
    const at = now()
    stoodStill ||= at - last > GIVEN_UP_MS
    last = at
  }
  return withHeartbeat(async () => {
    const beat = setInterval(look, HEARTBEAT_MS)
    try {
      return await work(() => {
        look()
        return stoodStill || stop.aborted
      })
    } finally {
      clearInterval(beat)
    }
  })
}

/** The ID of the run that asks: an activity acts on its rows only. */
export function callingRun(): string {
  return activityInfo().workflowExecution?.workflowId ?? ''
}

/** The revision a run believes each row to have. */
export function believedRevisions(rows: readonly { revision: number; ids: Range[] }[]): Map<number, number> {
  return new Map(rows.flatMap(({ revision, ids }) => idsOf(ids).map((id) => [id, revision] as const)))
}

/** Waits while the earliest of these instants (epoch milliseconds) is still to come by the store's clock, ten seconds at most. */
export async function waitForInstant(dues: Iterable<number | null>, now: () => number): Promise<void> {
  let earliest = Infinity
  for (const due of dues) if (due !== null && due < earliest) earliest = due
  const early = earliest - now()
  if (early <= 0 || earliest === Infinity) return
  await sleep(Math.min(early, EARLY_MS), undefined, { signal: cancellationSignal() })
}

/**
 * A worker of another deployment polls this task queue, or a database was exchanged: nothing is done to rows of ours.
 * Retried, since the right worker may take the next attempt.
 */
export function assertOwnStore(given: StoreIdentity, own: StoreIdentity): void {
  if (given.id === own.id) return
  throw ApplicationFailure.retryable(
    `this run belongs to the store ${given.id}, and this worker to ${own.id}: give each deployment a namespace of its own`,
    'StoreMismatch',
  )
}
