import { continueAsNew, patched, proxyActivities, sleep, upsertMemo, workflowInfo } from '@temporalio/workflow'
import type { HousekeepingActivities } from './other-activities.ts'
import { STORE_MARK, type StoreMark } from './store-identity.ts'

const INTERVAL = '30s'

const { housekeep } = proxyActivities<HousekeepingActivities>({
  startToCloseTimeout: '5m',
  heartbeatTimeout: '30s',
  retry: { initialInterval: '1s', maximumInterval: '30s' },
})

/**
 * One for each deployment, for ever: sends signals nobody confirmed, takes up what is overdue, forgets what is old. It
 * continues as new, so that the list of workflows shows one and not a new one every half minute. Its memo says which store
 * it is about, and how far that has come: it can be read while no worker polls, before a start.
 */
export async function housekeeping(): Promise<never> {
  for (;;) {
    const { mark } = await housekeep()
    if (mark !== undefined && isAhead(mark) && patched('store-mark')) upsertMemo({ [STORE_MARK]: mark })
    if (workflowInfo().continueAsNewSuggested || workflowInfo().historyLength > 2_000) {
      await continueAsNew<typeof housekeeping>()
    }
    await sleep(INTERVAL)
  }
}

/** A database that was exchanged for an older one while its worker ran does not take the mark back: the next look finds it out. */
function isAhead({ id, epoch, counter }: StoreMark): boolean {
  const known = workflowInfo().memo?.[STORE_MARK] as StoreMark | undefined
  if (known?.id !== id) return true
  return epoch > known.epoch || (epoch === known.epoch && counter > known.counter)
}
