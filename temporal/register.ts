import { ScheduleNotFoundError, type Client, type Connection } from '@temporalio/client'
import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from 'pino'
import { SettingsError, type Settings } from '../settings/settings.ts'
import { raiseMark } from '../store/environment/store-mark.ts'
import type { Database } from '../store/postgres/database.ts'
import { HOUSEKEEPING } from '../workflows/names.ts'
import { STORE_MARK } from '../workflows/store-identity.ts'
import { openClient } from './client.ts'
import { Deployment, HOUSEKEEPING_ID } from './deployment.ts'
import { isForbidden, reasonOf } from './refusals.ts'
import { registerSearchAttributes } from './search-attributes.ts'
import { searchAttributes } from './send.ts'

/** A server takes a moment to know a new namespace, and another to accept a new attribute. */
const PATIENCE_MS = 30_000

export interface Registration {
  connection: Connection
  namespace: string
  db: Database
  log: Pick<Logger, 'warn' | 'error'>
  settings: Pick<Settings, 'BELAY_TASK_QUEUE' | 'BELAY_PAYLOAD_KEYS'>
}

/**
 * Makes the search attributes and starts housekeeping, and waits until they can be used. Safe to repeat. Throws a
 * SettingsError where the namespace is another deployment's, and at once where this account may not do this.
 */
export async function registerWithTemporal({ connection, namespace, db, log, settings }: Registration): Promise<void> {
  const client = openClient({ connection, namespace, keys: settings.BELAY_PAYLOAD_KEYS })
  const deployment = await Deployment.of({ client, db, log })
  await persist(() => deployment.require())
  await persist(() => registerSearchAttributes(client))
  await persist(() => client.workflow.count(`${searchAttributes.pending.name} >= 0`))
  await persist(() => startHousekeeping(client, settings.BELAY_TASK_QUEUE, db))
}

/** One execution that lives on; a schedule of an earlier version, which started one every half minute, is deleted. */
async function startHousekeeping(client: Client, taskQueue: string, db: Database): Promise<void> {
  await client.schedule
    .getHandle(HOUSEKEEPING_ID)
    .delete()
    .catch((error: unknown) => {
      if (!(error instanceof ScheduleNotFoundError)) throw error
    })
  await client.workflow.start(HOUSEKEEPING, {
    workflowId: HOUSEKEEPING_ID,
    taskQueue,
    args: [],
    memo: { [STORE_MARK]: await raiseMark(db, Date.now()) },
    staticSummary: 'Belay housekeeping',
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    workflowIdConflictPolicy: 'USE_EXISTING',
  })
}

async function persist(work: () => Promise<unknown>): Promise<void> {
  const until = Date.now() + PATIENCE_MS
  for (;;) {
    try {
      await work()
      return
    } catch (error) {
      if (Date.now() > until || error instanceof SettingsError) throw error
      if (isForbidden(error)) throw new SettingsError(refusalOf(error), { cause: error })
      await delay(250)
    }
  }
}

function refusalOf(error: unknown): string {
  const said = reasonOf(error)
  return `Temporal does not let this account do what it needs (${said}): look at TEMPORAL_API_KEY or the certificate, and at its rights`
}
