import { heartbeat } from '@temporalio/activity'
import { WorkflowNotFoundError, type Client } from '@temporalio/client'
import type { Logger } from 'pino'
import type { Signaler } from '../temporal/signaler.ts'
import type { Database } from '../store/postgres/database.ts'
import { forgetIdempotencyKeys, seenUntil, setSeenUntil } from '../store/runs/housekeeping.ts'
import type { Outbox } from '../events/outbox.ts'
import { endRows, findRun, pendingExecutions } from '../store/runs/runs.ts'
import { endpointsDue, forgetWebhookEvents } from '../store/webhook-events/webhook-events.ts'
import { NOTIFICATION_RUN } from '../workflows/messages.ts'

/** A signal not confirmed for so long is sent again; its api may still be at it. */
const UNCONFIRMED_MS = 10_000
/** Visibility is eventually consistent: what closed this long before the last look is looked at again. */
const OVERLAP_MS = 10 * 60_000
const FIRST_LOOK_MS = 24 * 3_600_000

const ENDINGS = {
  Terminated: 'run_terminated',
  Failed: 'run_failed',
  TimedOut: 'run_timed_out',
} as const

export interface HousekeepDeps {
  db: Database
  client: Client
  signaler: Signaler
  outbox: Outbox
  log: Logger
}

/** What must be put right when a process died between the store and Temporal, or somebody ended a run from outside. */
export function createHousekeep(deps: HousekeepDeps): () => Promise<{ resent: number; ended: number }> {
  return async () => {
    const resent = await deps.signaler.resendOlder(UNCONFIRMED_MS)
    const ended = await endLostRows(deps)
    await forgetIdempotencyKeys(deps.db)
    await tidyOutbox(deps)
    if (resent > 0 || ended > 0) deps.log.warn({ resent, ended }, 'housekeeping put things right')
    return { resent, ended }
  }
}

/** Wakes the deliveries of what is due: a wake may have been lost, or Temporal away. */
async function tidyOutbox({ db, outbox }: HousekeepDeps): Promise<void> {
  const endpoints = outbox.endpoints.map(({ key }) => key)
  await forgetWebhookEvents(db, endpoints)
  if (endpoints.length > 0) outbox.wake(await endpointsDue(db, endpoints))
}

/** Ends the rows of executions that were terminated, failed or timed out: nobody wakes them any more. */
async function endLostRows({ db, client, outbox, log }: HousekeepDeps): Promise<number> {
  const now = Date.now()
  const from = (await seenUntil(db, 'closed-runs'))?.getTime() ?? now - FIRST_LOOK_MS
  const since = new Date(from - OVERLAP_MS).toISOString()
  const statuses = Object.keys(ENDINGS).map((status) => `'${status}'`)
  const query = `WorkflowType = '${NOTIFICATION_RUN}' and ExecutionStatus in (${statuses.join(', ')}) and CloseTime > '${since}'`
  let ended = 0
  for await (const { workflowId, runId, status } of client.workflow.list({ query })) {
    heartbeat()
    const reason = Object.entries(ENDINGS).find(([name]) => name.toUpperCase() === status.name.replaceAll('_', ''))?.[1]
    const run = await findRun(db, workflowId)
    if (run === undefined || reason === undefined) continue
    const first = await firstRunId(client, workflowId, runId)
    if (first !== undefined && (await isOpen(client, workflowId, first))) continue
    for (const { temporalRunId, triggerIds } of await pendingExecutions(db, run.id)) {
      // The signal may have gone to an execution that continued as the one now closed.
      if (
        temporalRunId !== runId &&
        !(first !== undefined && first === (await firstRunId(client, workflowId, temporalRunId)))
      )
        continue
      const rows = await endRows(db, triggerIds, reason, now, outbox)
      log.warn({ workflowId, runId, rows, reason }, 'recipient runs ended with their run')
      ended += rows
    }
  }
  await setSeenUntil(db, 'closed-runs', new Date(now))
  return ended
}

/** The first execution of the chain, or undefined if Temporal has forgotten it. */
async function firstRunId(client: Client, workflowId: string, runId: string): Promise<string | undefined> {
  return (await describe(client, workflowId, runId))?.raw.workflowExecutionInfo?.firstRunId ?? undefined
}

/** A reset terminates one execution and goes on in another of the same chain: its rows have not lost their run. */
async function isOpen(client: Client, workflowId: string, first: string): Promise<boolean> {
  const newest = await describe(client, workflowId)
  return newest?.status.name === 'RUNNING' && newest.raw.workflowExecutionInfo?.firstRunId === first
}

/** Undefined if Temporal knows no such execution; while it is away nothing may be concluded, and the activity fails. */
async function describe(client: Client, workflowId: string, runId?: string) {
  try {
    return await client.workflow.getHandle(workflowId, runId).describe()
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined
    throw error
  }
}
