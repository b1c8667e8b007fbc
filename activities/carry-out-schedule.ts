import type { Client } from '@temporalio/client'
import { carryOutSchedule } from '../engine/schedules/carry-out.ts'
import { remove } from '../temporal/sync-schedules.ts'

export type CarryOutScheduleDeps = Parameters<typeof carryOutSchedule>[0] & { client: Client }

/** Carries out what of a schedule is due by `at`; Temporal's Schedule of one that the store does not know is deleted. */
export function createCarryOutSchedule(deps: CarryOutScheduleDeps): (id: string, at: number) => Promise<void> {
  return async (id, at) => {
    if (await carryOutSchedule(deps, id, at)) return
    deps.log.warn({ schedule: id }, 'Temporal woke a schedule that is not in the store; it is deleted there')
    await remove(deps.client, id)
  }
}
