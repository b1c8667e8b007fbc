import { ScheduleAlreadyRunning, ScheduleNotFoundError, ScheduleOverlapPolicy, type Client } from '@temporalio/client'
import type { CalendarSpec } from '@temporalio/client'
import pLimit from 'p-limit'
import type { Logger } from 'pino'
import { wakesOf, type Calendar } from '../schedules/calendars.ts'
import type { Database } from '../store/postgres/database.ts'
import { confirmSynced, unsyncedSchedules, type UnsyncedSchedule } from '../store/schedules/sync.ts'
import { SCHEDULE_OCCURRENCE } from '../workflows/names.ts'
import { DEADLINE_MS } from './send.ts'

export interface ScheduleTarget {
  client: Client
  taskQueue: string
  db: Database
  log: Logger
}

const PAGE = 100
/** Calls under way at once. */
const CALLS = 10
/** An instant by itself is an interval that falls on it; where it falls besides, years away, nothing is due. */
const INSTANT_EVERY_MS = 1_000 * 86_400_000
/** Sorts before every id. */
export const NO_ID = '00000000-0000-0000-0000-000000000000'

const PREFIX = 'belay-schedule/'
/** The id of its Schedule at Temporal. */
export const temporalScheduleId = (id: string): string => `${PREFIX}${id}`
/** The id of the schedule that one of Temporal's is for; undefined: it is none of ours. */
export const scheduleIdOf = (temporalId: string): string | undefined =>
  temporalId.startsWith(PREFIX) ? temporalId.slice(PREFIX.length) : undefined

/**
 * Tells Temporal of every schedule that it does not know as the store has it: makes, changes and deletes its Schedules.
 * What fails is left for housekeeping. `now` is the store's, epoch milliseconds.
 */
export async function syncSchedules(target: ScheduleTarget, now: number): Promise<void> {
  const calls = pLimit(CALLS)
  for (let after = NO_ID; ;) {
    const page = await unsyncedSchedules(target.db, after, PAGE)
    const synced = await Promise.all(page.map((schedule) => calls(() => isWritten(target, schedule, now))))
    await confirmSynced(
      target.db,
      page.filter((_, place) => synced[place]),
      now,
    )
    if (page.length < PAGE || synced.includes(false)) return
    after = page.at(-1)!.id
  }
}

async function isWritten(target: ScheduleTarget, schedule: UnsyncedSchedule, now: number): Promise<boolean> {
  const { client, log } = target
  try {
    await client.connection.withDeadline(Date.now() + DEADLINE_MS, () =>
      schedule.over ? remove(client, schedule.id) : write(target, schedule, now),
    )
    return true
  } catch (error) {
    log.warn({ err: error, schedule: schedule.id }, 'Temporal was not told of a schedule; housekeeping will')
    return false
  }
}

/** Deletes the Schedule of one that is over, or that the store does not know. */
export async function remove(client: Client, id: string): Promise<void> {
  try {
    await client.schedule.getHandle(temporalScheduleId(id)).delete()
  } catch (error) {
    if (!(error instanceof ScheduleNotFoundError)) throw error
  }
}

async function write({ client, taskQueue }: ScheduleTarget, schedule: UnsyncedSchedule, now: number): Promise<void> {
  const scheduleId = temporalScheduleId(schedule.id)
  const start = schedule.scheduled_at === null ? null : Date.parse(schedule.scheduled_at)
  const { repeats, zone, ending_at, inserted_at } = schedule
  const recurrence = {
    repeats,
    zone,
    start: start ?? Date.parse(inserted_at),
    startGiven: start !== null,
    end: ending_at === null ? null : Date.parse(ending_at),
  }
  const { calendars, instants } = wakesOf(recurrence, now)
  const intervals = instants.map((at) => ({ every: INSTANT_EVERY_MS, offset: at % INSTANT_EVERY_MS }))
  const options = {
    spec: { calendars: calendars.map(specOf), intervals, timezone: zone },
    action: {
      type: 'startWorkflow' as const,
      workflowType: SCHEDULE_OCCURRENCE,
      workflowId: scheduleId,
      taskQueue,
      args: [schedule.id],
    },
    // However late it wakes: the store says what of it is still due.
    policies: { overlap: ScheduleOverlapPolicy.ALLOW_ALL, catchupWindow: '365 days' as const },
  }
  try {
    await client.schedule.create({ scheduleId, ...options })
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error
    await client.schedule.getHandle(scheduleId).update(() => ({ ...options, state: {} }))
  }
}

const DAYS = ['SUNDAY', 'MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY'] as const

/** In what the SDK takes, which reads a left out hour as midnight. */
function specOf({ dayOfMonth, dayOfWeek, hour, minute, second }: Calendar): CalendarSpec {
  return {
    second,
    minute,
    hour: hour ?? '*',
    dayOfMonth: dayOfMonth ?? '*',
    dayOfWeek: dayOfWeek === undefined ? '*' : dayOfWeek.map((day) => DAYS[day]!),
  }
}
