import { WorkflowNotFoundError, type Client } from '@temporalio/client'
import {
  defineSearchAttributeKey,
  SearchAttributeType,
  TypedSearchAttributes,
  WorkflowExecutionAlreadyStartedError,
} from '@temporalio/common'
import { cutToBytes } from '../store/ids/workflow-id.ts'
import { NOTIFICATION_RUN } from '../workflows/names.ts'
import type { RunInput } from '../workflows/run-input.ts'
import {
  cancelSignal,
  moveSignal,
  triggerSignal,
  type MoveMessage,
  type RemovedMessage,
  type TriggerMessage,
  type TriggersMessage,
} from '../workflows/signals.ts'
import type { Sleepers } from '../workflows/sleepers.ts'
import type { StoreIdentity } from '../workflows/store-identity.ts'

/** SQL visibility hides a run whose attribute is longer than 255 bytes. */
const ATTRIBUTE_BYTES = 200
const SUMMARY_BYTES = 200
/** As many as a server takes. */
const FAIRNESS_BYTES = 64
/** No call to Temporal takes longer. */
export const DEADLINE_MS = 2_000

export const searchAttributes = {
  definition: defineSearchAttributeKey('BelayDefinition', SearchAttributeType.KEYWORD),
  cancelationKey: defineSearchAttributeKey('BelayCancelationKey', SearchAttributeType.KEYWORD),
  triggers: defineSearchAttributeKey('BelayTriggers', SearchAttributeType.KEYWORD_LIST),
  pending: defineSearchAttributeKey('BelayPending', SearchAttributeType.INT),
  sent: defineSearchAttributeKey('BelaySent', SearchAttributeType.INT),
  canceled: defineSearchAttributeKey('BelayCanceled', SearchAttributeType.INT),
}

export interface RunAddress {
  workflowId: string
  definition: string
  cancelationKey: string | null
  /** Of the trigger; null for none. */
  tenant?: string | null
}

/** Where a process sends to, and whose rows its messages are about. */
export interface SendTarget {
  client: Client
  taskQueue: string
  store: StoreIdentity
}

/** A start of so many recipients is a broadcast: its tasks give way to those of small runs. */
const BROADCAST = 1_000

/**
 * Starts the run, or joins the one that is open. Resolves to the execution that took the messages. Who `opens` a run
 * starts it with them, which costs a server a quarter less than a start and a signal; if it is open after all, they join.
 */
export async function sendTriggers(
  target: SendTarget,
  run: RunAddress,
  messages: TriggerMessage[],
  opens: boolean,
): Promise<string> {
  const { client, store } = target
  const input: RunInput = { definition: run.definition, cancelationKey: run.cancelationKey, store }
  const options = startOptions(target, run, messages)
  if (opens) {
    const args: [RunInput] = [{ ...input, triggers: messages }]
    try {
      const started = await inTime(client, () => client.workflow.start(NOTIFICATION_RUN, { ...options, args }))
      return started.firstExecutionRunId
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error
    }
  }
  const signal = {
    args: [input],
    signal: triggerSignal,
    signalArgs: [{ store, triggers: messages }] as [TriggersMessage],
  }
  const handle = await inTime(client, () =>
    client.workflow.signalWithStart(NOTIFICATION_RUN, { ...options, ...signal }),
  )
  return handle.signaledRunId
}

/** Has the run read the store: what it is told so is small, whatever is pending. Starts it if it is closed. */
export async function sendReload(target: SendTarget, run: RunAddress): Promise<string> {
  const { client, store } = target
  const args: [RunInput] = [{ definition: run.definition, cancelationKey: run.cancelationKey, store }]
  const signal = { args, signal: moveSignal, signalArgs: [{ store, sleepers: [], reload: true }] as [MoveMessage] }
  const options = { ...startOptions(target, run, []), ...signal }
  return (await inTime(client, () => client.workflow.signalWithStart(NOTIFICATION_RUN, options))).signaledRunId
}

function startOptions({ taskQueue }: SendTarget, run: RunAddress, messages: TriggerMessage[]) {
  const recipients = messages.reduce((sum, message) => sum + recipientsIn(message.sleepers), 0)
  const tenant = run.tenant ?? null
  return {
    workflowId: run.workflowId,
    taskQueue,
    priority: {
      priorityKey: recipients > BROADCAST ? 5 : 1,
      ...(tenant !== null && { fairnessKey: cutToBytes(tenant, FAIRNESS_BYTES) }),
    },
    ...shown(run, messages, recipients),
  }
}

/** What the Web UI shows of a run, and finds it by. */
function shown(run: RunAddress, messages: TriggerMessage[], recipients: number) {
  const title = run.cancelationKey === null ? run.definition : `${run.definition} ${run.cancelationKey}`
  return {
    staticSummary: cutToBytes(title, SUMMARY_BYTES),
    staticDetails: `Notifications of \`${cutToBytes(run.definition, SUMMARY_BYTES)}\`, pending under one cancelation key.`,
    typedSearchAttributes: new TypedSearchAttributes([
      { key: searchAttributes.definition, value: cutToBytes(run.definition, ATTRIBUTE_BYTES) },
      ...(run.cancelationKey === null
        ? []
        : [{ key: searchAttributes.cancelationKey, value: cutToBytes(run.cancelationKey, ATTRIBUTE_BYTES) }]),
      { key: searchAttributes.triggers, value: messages.slice(-50).map((message) => message.workflowRunId) },
      { key: searchAttributes.pending, value: recipients },
      { key: searchAttributes.sent, value: 0 },
      { key: searchAttributes.canceled, value: 0 },
    ]),
  }
}

/** `closed`: no such run is open, so nobody is left there to remove. */
export async function sendCancel(
  { client, store }: SendTarget,
  workflowId: string,
  message: Omit<RemovedMessage, 'store'>,
): Promise<'taken' | 'closed'> {
  const handle = client.workflow.getHandle(workflowId)
  return sendTo(client, () => handle.signal(cancelSignal, { store, ...message }))
}

/**
 * Tells a run where these sleep now. `closed`: it is not open. Throws Temporal's own error where it is away or late.
 */
export async function sendMoves(
  { client, store }: SendTarget,
  workflowId: string,
  sleepers: Sleepers[],
): Promise<'taken' | 'closed'> {
  const handle = client.workflow.getHandle(workflowId)
  return sendTo(client, () => handle.signal(moveSignal, { store, sleepers }))
}

async function sendTo(client: Client, send: () => Promise<void>): Promise<'taken' | 'closed'> {
  try {
    await inTime(client, send)
    return 'taken'
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return 'closed'
    throw error
  }
}

/** The deadline begins with the call, however long it waited for its turn. */
function inTime<Result>(client: Client, call: () => Promise<Result>): Promise<Result> {
  return client.connection.withDeadline(Date.now() + DEADLINE_MS, call)
}

function recipientsIn(groups: Sleepers[]): number {
  let count = 0
  for (const group of groups) for (const [first, last] of group.rows) count += last - first + 1
  return count
}
