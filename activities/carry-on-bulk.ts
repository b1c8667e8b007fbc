import { carryOnBulk } from '../engine/bulk-operations.ts'
import type { CancelDeps } from '../engine/cancel-many.ts'
import { withHeartbeat } from './chunk.ts'

/** One activity goes on for so long while something is left. */
const PATIENCE_MS = 20_000

/** Carries a bulk operation on, chunk by chunk; answers whether nothing is left of it. */
export function createCarryOnBulk(deps: CancelDeps): (id: string) => Promise<boolean> {
  return (id) =>
    withHeartbeat(async () => {
      const until = performance.now() + PATIENCE_MS
      do {
        if (await carryOnBulk(deps, id)) return true
      } while (performance.now() < until)
      return false
    })
}
