/** No round begins after this: the activity has five minutes for everything. */
const CATCH_UP_MS = 120_000

/** Signals sent again, and runs that read the store again. */
export interface CaughtUp {
  resent: number
  repaired: number
}

/**
 * Begins rounds while there is more to be done, for two minutes at most; answers what they came to together. `clock`:
 * monotonic, in milliseconds.
 */
export async function catchUp(
  round: () => Promise<CaughtUp & { hasMore: boolean }>,
  clock: () => number = () => performance.now(),
): Promise<CaughtUp> {
  const total = { resent: 0, repaired: 0 }
  const until = clock() + CATCH_UP_MS
  for (let hasMore = true; hasMore && clock() < until;) {
    const came = await round()
    total.resent += came.resent
    total.repaired += came.repaired
    hasMore = came.hasMore
  }
  return total
}
