import type { Logger } from 'pino'
import { carryOutSchedule } from '../engine/schedules/carry-out.ts'
import { changeSchedules } from '../engine/schedules/write-schedules.ts'
import { transaction } from '../store/postgres/database.ts'
import { overdueSchedules, schedulesToRezone, syncAgain } from '../store/schedules/sync.ts'

type Deps = Parameters<typeof carryOutSchedule>[0] & { log: Logger }

/** Temporal, or the worker, may only be late: so long nothing is wrong. */
const LATE_MS = 60_000
const A_PASS = 200

/**
 * Carries out what is overdue, by which a Schedule that Temporal has lost is found, and has it written again; reads
 * anew the time zones of those who were described since; tells Temporal of what it does not know.
 */
export async function mendSchedules(deps: Deps): Promise<void> {
  const { store, now, signaler, log } = deps
  const overdue = await overdueSchedules(store.db, now() - LATE_MS, A_PASS)
  for (const id of overdue) {
    log.warn({ schedule: id }, 'an occurrence was overdue: housekeeping carries it out')
    // One that fails keeps nobody else from being carried out.
    await carryOutSchedule(deps, id, now()).catch((error: unknown) => {
      log.error({ err: error, schedule: id }, 'an overdue occurrence could not be carried out')
    })
  }
  const moved = await schedulesToRezone(store.db, A_PASS)
  if (moved.length > 0) await transaction(store.db, (tx) => changeSchedules(tx, deps, moved, {}))
  await syncAgain(store.db, overdue, now())
  await signaler.syncSchedules?.()
}
