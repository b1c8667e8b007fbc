import { ScheduleNotFoundError, type Client } from '@temporalio/client'
import pLimit from 'p-limit'
import { z } from 'zod'
import type { Database } from '../../store/postgres/database.ts'
import { knownSchedules, syncAgain, syncedSchedules } from '../../store/schedules/sync.ts'
import {
  NO_ID,
  remove,
  scheduleIdOf,
  syncSchedules,
  temporalScheduleId,
  type ScheduleTarget,
} from '../sync-schedules.ts'

const PAGE = 500
/** Calls under way to Temporal. */
const CALLS = 20

/** Ids of schedules. */
export interface ScheduleDifferences {
  /** The store has told Temporal of them, and Temporal has none: it would wake them a minute late, by housekeeping. */
  missing: string[]
  /** Temporal has a Schedule for them, and the store none. */
  leftOver: string[]
}

/** Holds the store's schedules against Temporal's, and the other way round. What it was not told of yet is no difference. */
export async function compareSchedules(client: Client, db: Database): Promise<ScheduleDifferences> {
  const listed = new Set<string>()
  for await (const { scheduleId } of client.schedule.list()) {
    const id = scheduleIdOf(scheduleId)
    if (id !== undefined && z.uuid().safeParse(id).success) listed.add(id)
  }
  const calls = pLimit(CALLS)
  // The list is some seconds behind: what it says is looked at one by one.
  const isThere = (id: string) => calls(() => exists(client, id))
  const missing: string[] = []
  for (let after = NO_ID; ;) {
    const page = await syncedSchedules(db, after, PAGE)
    const unlisted = page.filter((id) => !listed.has(id))
    const there = await Promise.all(unlisted.map(isThere))
    missing.push(...unlisted.filter((_, place) => !there[place]))
    if (page.length < PAGE) break
    after = page.at(-1)!
  }
  const leftOver: string[] = []
  const ids = [...listed]
  for (let from = 0; from < ids.length; from += PAGE) {
    const page = ids.slice(from, from + PAGE)
    const known = await knownSchedules(db, page)
    const unknown = page.filter((id) => !known.has(id))
    const there = await Promise.all(unknown.map(isThere))
    leftOver.push(...unknown.filter((_, place) => there[place]))
  }
  return { missing, leftOver }
}

/** Makes Temporal's Schedules follow the store. Answers how many were written or deleted. */
export async function mendSchedules(
  target: ScheduleTarget,
  { missing, leftOver }: ScheduleDifferences,
  now: number,
): Promise<number> {
  const calls = pLimit(CALLS)
  await Promise.all(leftOver.map((id) => calls(() => remove(target.client, id))))
  await syncAgain(target.db, missing, now)
  await syncSchedules(target, now)
  return missing.length + leftOver.length
}

async function exists(client: Client, id: string): Promise<boolean> {
  try {
    await client.schedule.getHandle(temporalScheduleId(id)).describe()
    return true
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return false
    throw error
  }
}
