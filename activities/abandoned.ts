import { cancellationSignal } from '@temporalio/activity'
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * A worker that lives renews its leases, or records what it has done, within some seconds of the store's return
 * (leases.ts, record-tries.ts). So a lease that ran out is looked at twice, so far apart.
 */
const LOOK_AGAIN_MS = 8_000

/** What is held under a lease. */
export interface Leased {
  claim: string | null
  leaseUntil: number | null
}

/**
 * Of what is held under leases that ran out, that whose holder has gone: the leases still stand as they were after a while.
 * While the store is away those of living workers run out, too. `load` reads them anew.
 */
export async function abandonedOf<Held extends Leased>(
  held: readonly Held[],
  {
    keyOf,
    load,
    lookAgainMs = LOOK_AGAIN_MS,
  }: { keyOf: (held: Held) => string; load: () => Promise<Held[]>; lookAgainMs?: number | undefined },
): Promise<Held[]> {
  if (held.length === 0) return []
  await sleep(lookAgainMs, undefined, { signal: cancellationSignal() })
  const before = new Map(held.map((each) => [keyOf(each), each]))
  return (await load()).filter((each) => {
    const known = before.get(keyOf(each))
    return known !== undefined && known.claim === each.claim && known.leaseUntil === each.leaseUntil
  })
}
