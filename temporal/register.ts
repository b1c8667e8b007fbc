import {
  Client,
  ScheduleAlreadyRunning,
  ScheduleOverlapPolicy,
  type Connection,
  type ScheduleSpec,
} from '@temporalio/client'
import { SearchAttributeType } from '@temporalio/common'
import { setTimeout as delay } from 'node:timers/promises'
import type { Settings } from '../settings/settings.ts'
import { searchAttributes } from './send.ts'
import { HOUSEKEEPING } from '../workflows/messages.ts'

const SCHEDULE = 'belay-housekeeping'
const INTERVAL_S = 30
/** A server takes a moment to know a new namespace, and another to accept a new attribute. */
const PATIENCE_MS = 30_000

/** temporal.api.enums.v1.IndexedValueType */
const TYPES = {
  [SearchAttributeType.KEYWORD]: 2,
  [SearchAttributeType.INT]: 3,
  [SearchAttributeType.KEYWORD_LIST]: 7,
} as const

/** Makes the search attributes and the housekeeping schedule, and waits until they can be used. Safe to repeat. */
export async function registerWithTemporal(
  connection: Connection,
  namespace: string,
  settings: Pick<Settings, 'BELAY_TASK_QUEUE'>,
): Promise<void> {
  const client = new Client({ connection, namespace })
  await persist(() => registerSearchAttributes(connection, namespace))
  await persist(() => client.workflow.count(`${searchAttributes.pending.name} >= 0`))
  await persist(() => registerSchedule(client, settings.BELAY_TASK_QUEUE))
}

export async function registerSearchAttributes(connection: Connection, namespace: string): Promise<void> {
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

async function registerSchedule(client: Client, taskQueue: string): Promise<void> {
  const spec: ScheduleSpec = { intervals: [{ every: `${INTERVAL_S}s` }] }
  const action = {
    type: 'startWorkflow',
    workflowType: HOUSEKEEPING,
    workflowId: SCHEDULE,
    taskQueue,
    workflowExecutionTimeout: '10m',
  } as const
  // One at a time, and what was missed while Temporal was away is not made up for.
  const policies = { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: `${INTERVAL_S}s` } as const
  try {
    await client.schedule.create({ scheduleId: SCHEDULE, spec, action, policies })
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error
    await client.schedule.getHandle(SCHEDULE).update((previous) => ({ ...previous, spec, action, policies }))
  }
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
