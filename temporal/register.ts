import { Client, ScheduleNotFoundError, type Connection } from '@temporalio/client'
import { SearchAttributeType } from '@temporalio/common'
import { setTimeout as delay } from 'node:timers/promises'
import type { Settings } from '../settings/settings.ts'
import { searchAttributes } from './send.ts'
import { HOUSEKEEPING } from '../workflows/messages.ts'

export const HOUSEKEEPING_ID = 'belay-housekeeping'
/** A server takes a moment to know a new namespace, and another to accept a new attribute. */
const PATIENCE_MS = 30_000

/** temporal.api.enums.v1.IndexedValueType */
const TYPES = {
  [SearchAttributeType.KEYWORD]: 2,
  [SearchAttributeType.INT]: 3,
  [SearchAttributeType.KEYWORD_LIST]: 7,
} as const

/** Makes the search attributes and starts housekeeping, and waits until they can be used. Safe to repeat. */
export async function registerWithTemporal(
  connection: Connection,
  namespace: string,
  settings: Pick<Settings, 'BELAY_TASK_QUEUE'>,
): Promise<void> {
  const client = new Client({ connection, namespace })
  await persist(() => registerSearchAttributes(connection, namespace))
  await persist(() => client.workflow.count(`${searchAttributes.pending.name} >= 0`))
  await persist(() => startHousekeeping(client, settings.BELAY_TASK_QUEUE))
}

async function registerSearchAttributes(connection: Connection, namespace: string): Promise<void> {
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace })
  const missing = Object.values(searchAttributes).filter(({ name }) => !(name in customAttributes))
  if (missing.length > 0) await addSearchAttributes(connection, namespace, missing)
}

/** For a server that has none of them; one that has answers with an error. */
export async function addSearchAttributes(
  connection: Connection,
  namespace: string,
  attributes = Object.values(searchAttributes),
): Promise<void> {
  const wanted = Object.fromEntries(attributes.map(({ name, type }) => [name, TYPES[type]]))
  await connection.operatorService.addSearchAttributes({ namespace, searchAttributes: wanted })
}

/** One execution that lives on; a schedule of an earlier version, which started one every half minute, is deleted. */
async function startHousekeeping(client: Client, taskQueue: string): Promise<void> {
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
      if (Date.now() > until) throw error
      await delay(250)
    }
  }
}
