import type { Client } from '@temporalio/client'
import type { Logger } from 'pino'
import type { Outbox } from '../events/outbox.ts'
import { idleBulks } from '../store/bulk-operations/bulk-operations.ts'
import { forgetIdempotencyKeys } from '../store/idempotency/forget.ts'
import { raiseMark, saveReloaded, runsToReload } from '../store/environment/store-mark.ts'
import type { Database } from '../store/postgres/database.ts'
import { endMembers, unsettledBatches } from '../store/batches/end-members.ts'
import { forgetDeliveryLogs } from '../store/messages/delivery-logs.ts'
import { forgetEvents } from '../store/waits/load-offers.ts'
import { forgetRateLimits } from '../store/rate-limits/take-requests.ts'
import { syncPageAgain } from '../store/schedules/sync.ts'
import { forgetThrottles } from '../store/throttles/pass.ts'
import { endpointsDue, forgetWebhookEvents } from '../store/webhook-events/webhook-events.ts'
import { isRefusal } from '../temporal/refusals.ts'
import { sendReload } from '../temporal/send.ts'
import type { Signaler } from '../temporal/signaler.ts'
import { NO_ID } from '../temporal/sync-schedules.ts'
import type { HousekeepingActivities } from '../workflows/other-activities.ts'
import type { StoreIdentity } from '../workflows/store-identity.ts'
import { askReceipts } from './ask-receipts.ts'
import { catchUp, type CaughtUp } from './catch-up.ts'
import type { Senders } from '../channels/senders.ts'
import { withHeartbeat } from './chunk.ts'
import { settleMerges } from '../engine/merge-users.ts'
import { mendSchedules } from './mend-schedules.ts'
import { takeUpOverdue } from './take-up-overdue.ts'

/** A signal not confirmed for so long is sent again; its api may still be at it. */
const UNCONFIRMED_MS = 10_000
const BULKS_A_PASS = 100
/** Runs told that the store was restored: so many at once, and in one round. */
const RUNS_AT_ONCE = 50
const RUNS_A_ROUND = 5_000
const SCHEDULES_A_PAGE = 5_000

export interface HousekeepDeps {
  db: Database
  store: StoreIdentity
  /** The store's clock, epoch milliseconds. */
  now: () => number
  client: Client
  taskQueue: string
  signaler: Signaler
  outbox: Outbox
  senders: Senders
  log: Logger
  /** Of recipients who have none of their own; absent: UTC. */
  timeZone?: string | undefined
}

/**
 * What must be put right when a process died between the store and Temporal, or somebody ended a run from outside. Duties
 * go one after the other in bounded passes; one that fails is logged and does not stop the others.
 */
export function createHousekeep(deps: HousekeepDeps): HousekeepingActivities['housekeep'] {
  return () => withHeartbeat(() => housekeep(deps))
}

async function housekeep(deps: HousekeepDeps): ReturnType<HousekeepingActivities['housekeep']> {
  const { resent, repaired } = await catchUp(() => round(deps))
  await duty(deps, 'carry on bulk operations', undefined, async () => {
    for (const id of await idleBulks(deps.db, deps.now() - UNCONFIRMED_MS, BULKS_A_PASS))
      await deps.signaler.startBulk(id)
  })
  const { db, outbox, now, signaler, timeZone, log } = deps
  await duty(deps, 'mend schedules', undefined, () =>
    mendSchedules({ store: { db }, outbox, now, signaler, timeZone, log }),
  )
  await duty(deps, 'ask what became of messages', undefined, () => askReceipts(deps))
  await duty(deps, 'move what merged users had', undefined, () => settleMerges({ store: { db }, outbox, now }))
  await duty(deps, 'forget idempotency keys', undefined, () => forgetIdempotencyKeys(deps.db, deps.now()))
  await duty(deps, 'forget events', undefined, () => forgetEvents(deps.db, deps.now()))
  await duty(deps, 'forget delivery logs', undefined, () => forgetDeliveryLogs(deps.db, deps.now()))
  await duty(deps, 'forget throttles', undefined, () => forgetThrottles(deps.db, deps.now()))
  await duty(deps, 'forget rate limits', undefined, () => forgetRateLimits(deps.db, deps.now()))
  await duty(deps, 'end who is in closed batches', undefined, () => endLeftBehind(deps))
  await duty(deps, 'tidy webhook events', undefined, () => tidyOutbox(deps))
  if (resent > 0 || repaired > 0) deps.log.warn({ resent, repaired }, 'housekeeping put things right')
  const mark = await duty(deps, 'raise the mark', undefined, () => raiseMark(deps.db, deps.now()))
  return { resent, repaired, ...(mark !== undefined && { mark }) }
}

/** What keeps recipients waiting, once. */
async function round(deps: HousekeepDeps): Promise<CaughtUp & { hasMore: boolean }> {
  const resent = await duty(deps, 'send signals again', 0, () => deps.signaler.resendOlder(UNCONFIRMED_MS))
  await duty(deps, 'tell runs that the store was restored', undefined, () => reloadRestored(deps))
  const nothing = { taken: 0, hasMore: false }
  const overdue = await duty(deps, 'take up what is overdue', nothing, () => takeUpOverdue(deps))
  return { resent, repaired: overdue.taken, hasMore: overdue.hasMore }
}

async function duty<Result>(
  { log }: HousekeepDeps,
  name: string,
  otherwise: Result,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    log.error({ err: error, duty: name }, 'a duty of housekeeping failed; the next round tries again')
    return otherwise
  }
}

/** Whoever closed these batches is gone. */
async function endLeftBehind({ db, now, outbox }: HousekeepDeps): Promise<void> {
  await endMembers(db, await unsettledBatches(db, now()), now(), outbox)
}

/** A store that was restored: its runs were told of what it no longer knows, and may not know of what it does. */
async function reloadRestored({ db, store, client, taskQueue, log }: HousekeepDeps): Promise<void> {
  const { epoch } = store
  for (let told = 0; told < RUNS_A_ROUND;) {
    const runs = await runsToReload(db, RUNS_AT_ONCE)
    if (runs === undefined) return
    const tell = async ({ id: _, ...run }: (typeof runs)[number]) => {
      try {
        await sendReload({ client, taskQueue, store }, run)
      } catch (error) {
        // One that is refused for good keeps nobody else from being told.
        if (!isRefusal(error)) throw error
        log.error({ err: error, workflowId: run.workflowId }, 'a run was not told that the store was restored')
      }
    }
    await Promise.all(runs.map(tell))
    if (runs.length === 0) await syncSchedulesAgain(db)
    await saveReloaded(db, epoch, runs.at(-1)?.id ?? null)
    told += runs.length
  }
}

/** Temporal's Schedules may be of what was changed after the backup: all are written again. */
async function syncSchedulesAgain(db: Database): Promise<void> {
  for (let after: string | undefined = NO_ID; after !== undefined;) {
    after = await syncPageAgain(db, after, SCHEDULES_A_PAGE)
  }
}

/** Wakes the deliveries of what is due: a wake may have been lost, or Temporal away. */
async function tidyOutbox({ db, outbox }: HousekeepDeps): Promise<void> {
  const endpoints = outbox.endpoints.map(({ key }) => key)
  await forgetWebhookEvents(db, endpoints)
  if (endpoints.length > 0) outbox.wake(await endpointsDue(db, endpoints))
}
