import pLimit from 'p-limit'
import type { Client } from '@temporalio/client'
import type { Logger } from 'pino'
import type { Database } from '../store/postgres/database.ts'
import { clearSettled, forgetReload, repairRun, suspectedRuns, type OverdueRun } from '../store/runs/overdue.ts'
import { CallLimit } from '../temporal/call-limit.ts'
import { isRefusal } from '../temporal/refusals.ts'
import { sendReload } from '../temporal/send.ts'
import { waitsForWorker } from '../temporal/waits-for-worker.ts'
import type { StoreIdentity } from '../workflows/store-identity.ts'

/** Runs looked at in one pass. */
const PASS = 500
/** Triggers of which nothing is pending, in one statement. */
const SETTLED = 2_000
const CALLS = 20
/** No pass begins after this: the rest comes with the next round. */
const ROUND_MS = 60_000

export interface TakeUpDeps {
  db: Database
  store: StoreIdentity
  /** The store's clock, epoch milliseconds. */
  now: () => number
  client: Client
  taskQueue: string
  log: Logger
}

/**
 * Finds what is overdue by asking the store alone, and tells its runs: one that is closed is started again, an open one reads
 * the store, unless a task of it waits for a worker. What only looked overdue comes off first, so that it keeps nobody waiting.
 * In passes, earliest first, for a minute at most, fewer at once while Temporal is busy; a pass in which all wait for a worker
 * is the last. Answers how many Temporal has taken, and whether there are more; one that it did not take is told again.
 */
export async function takeUpOverdue(deps: TakeUpDeps): Promise<{ taken: number; hasMore: boolean }> {
  const { db, now, log } = deps
  const limit = pLimit(CALLS)
  const calls = new CallLimit()
  let taken = 0
  const until = performance.now() + ROUND_MS
  while (performance.now() < until) if ((await clearSettled(db, now(), SETTLED)) < SETTLED) break
  while (performance.now() < until) {
    const runs = await suspectedRuns(db, now(), PASS)
    const ends = await Promise.all(runs.map((run) => limit(() => takeUp(deps, calls, run))))
    const count = ends.filter((end) => end === 'taken').length
    const failed = ends.filter((end) => end === 'failed').length
    const raised = ends.filter((end) => end === 'raised').length
    taken += count
    if (count > 0) log.warn({ runs: count }, 'something of these runs was overdue: they read the store again')
    if (failed > 0) log.warn({ runs: failed }, 'runs with something overdue were not told; they will be')
    const waiting = ends.filter((end) => end === 'waiting').length
    if (waiting > 0) log.warn({ runs: waiting }, 'runs with something overdue wait for a worker: workers are behind')
    if (count + raised === 0 || (runs.length < PASS && failed === 0)) return { taken, hasMore: false }
  }
  return { taken, hasMore: true }
}

async function takeUp(
  deps: TakeUpDeps,
  calls: CallLimit,
  { id, ...run }: OverdueRun,
): Promise<'taken' | 'waiting' | 'failed' | 'raised' | 'left'> {
  const { db, store, now, client, taskQueue, log } = deps
  const repair = await repairRun(db, id, now())
  if (repair !== 'overdue') return repair
  try {
    if (await calls.send(() => waitsForWorker(client, run.workflowId))) return 'waiting'
    await calls.send(() => sendReload({ client, taskQueue, store }, run))
    log.info({ workflowId: run.workflowId }, 'overdue: the run reads the store again')
    return 'taken'
  } catch (error) {
    log.info({ err: error, workflowId: run.workflowId }, 'overdue, and not told')
    // One that is refused for good waits its ten minutes, and keeps nobody else from being looked at.
    if (!isRefusal(error)) await forgetReload(db, id)
    return 'failed'
  }
}
