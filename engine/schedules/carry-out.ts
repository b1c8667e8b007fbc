import type { Logger } from 'pino'
import { nextOccurrence } from '../../schedules/occurrences.ts'
import { findCurrent } from '../../store/catalog/current.ts'
import { transaction, type Database } from '../../store/postgres/database.ts'
import { lockSchedules, recordOccurrence, type ScheduleRow } from '../../store/schedules/schedules.ts'
import type { PendingSignal } from '../../store/signals/pending-signals.ts'
import { prepareTrigger } from '../accept-trigger.ts'
import type { EngineDeps } from '../deps.ts'
import { EngineError } from '../errors.ts'
import type { TriggerRequest } from '../trigger-request.ts'
import { recurrenceOf } from './write-schedules.ts'

type Deps = Pick<EngineDeps, 'outbox' | 'now' | 'signaler' | 'timeZone'> & {
  store: Pick<EngineDeps['store'], 'db'>
  log: Logger
}

/** Occurrences in a row that are passed over for the last of them. */
const MOST_MISSED = 10_000

/**
 * Triggers what a schedule is for, if an occurrence of it is due by the instant `at`, or by now: once an occurrence, since
 * the trigger and what comes next are one transaction. Of several that were missed the last one counts. A workflow that
 * takes no trigger, or not this one, is passed over with a word in the log. Answers whether there is such a schedule.
 */
export async function carryOutSchedule(deps: Deps, id: string, at: number): Promise<boolean> {
  const { store, now, log, signaler } = deps
  const upTo = Math.max(at, now())
  const done = await transaction(store.db, async (tx) => {
    const [row] = await lockSchedules(tx, [id])
    if (row === undefined) return null
    const due = lastDue(row, upTo)
    if (due === null) return []
    const signals = await triggered(tx, deps, row).catch((error: unknown) => {
      if (!(error instanceof EngineError)) throw error
      const faults = error.fields.map(({ field, message }) => `${field} ${message}`)
      log.warn({ schedule: id, workflow: row.workflow, faults }, `an occurrence was passed over: ${error.code}`)
      return []
    })
    await recordOccurrence(tx, id, { occurred: due, next: nextOccurrence(recurrenceOf(row), due) })
    return signals
  })
  for (const signal of done ?? []) void signaler.send(signal)
  return done !== null
}

/** The last occurrence up to an instant that has not been carried out; null: none is due. */
function lastDue(row: ScheduleRow, upTo: number): number | null {
  if (row.next_occurrence_at === null) return null
  let due = Date.parse(row.next_occurrence_at)
  if (due > upTo) return null
  const recurrence = recurrenceOf(row)
  for (let missed = 0; missed < MOST_MISSED; missed += 1) {
    const next = nextOccurrence(recurrence, due)
    if (next === null || next > upTo) break
    due = next
  }
  return due
}

/** In a nested transaction: what is refused leaves nothing behind. */
async function triggered(tx: Database, deps: Deps, row: ScheduleRow): Promise<PendingSignal[]> {
  const current = await findCurrent(tx, row.workflow)
  if (current === null) throw new EngineError('workflow_missing')
  if (!current.active) throw new EngineError('workflow_inactive')
  const request: TriggerRequest = {
    recipients: [{ key: row.recipient, triggerData: null }],
    actor: row.actor === null ? null : { key: row.actor, triggerData: null },
    tenant: row.tenant === null ? null : { id: row.tenant, described: null },
    data: row.data,
    cancelationKey: row.cancelation_key,
    onConflict: 'join',
    skipDelay: false,
    sandboxMode: false,
    scheduleId: row.id,
  }
  const prepared = prepareTrigger(deps, { apiKey: row.api_key }, current.version, request)
  const { signals } = await tx.transaction((inner) => prepared.inTransaction(inner as unknown as Database))
  return signals
}
