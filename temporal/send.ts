import { WorkflowNotFoundError, type Client } from '@temporalio/client'
import {
  defineSearchAttributeKey,
  SearchAttributeType,
  TypedSearchAttributes,
  WorkflowExecutionAlreadyStartedError,
} from '@temporalio/common'
import { cutToBytes } from '../store/ids/workflow-id.ts'
import {
  cancelSignal,
  moveSignal,
  NOTIFICATION_RUN,
  triggerSignal,
  type RemovedMessage,
  type RunInput,
  type Sleepers,
  type TriggerMessage,
} from '../workflows/messages.ts'

/** SQL visibility hides a run whose attribute is longer than 255 bytes. */
const ATTRIBUTE_BYTES = 200
const SUMMARY_BYTES = 200
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
}

/**
 * Starts the run, or joins the one that is open. Resolves to the execution that took the messages. Who `opens` a run
 * starts it with them, which costs a server a quarter less than a start and a signal; if it is open after all, they join.
 */
export async function sendTriggers(
  client: Client,
  taskQueue: string,
  run: RunAddress,
  messages: TriggerMessage[],
  opens: boolean,
): Promise<string> {
  const input: RunInput = { definition: run.definition, cancelationKey: run.cancelationKey }
  const options = { workflowId: run.workflowId, taskQueue, ...shown(run, messages) }
  const send = <T>(call: () => Promise<T>) => client.connection.withDeadline(Date.now() + DEADLINE_MS, call)
  if (opens) {
    const args: [RunInput] = [{ ...input, triggers: messages }]
    try {
      return (await send(() => client.workflow.start(NOTIFICATION_RUN, { ...options, args }))).firstExecutionRunId
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error
    }
  }
  const signal = { args: [input], signal: triggerSignal, signalArgs: [messages] }
  return (await send(() => client.workflow.signalWithStart(NOTIFICATION_RUN, { ...options, ...signal }))).signaledRunId
}

/** What the Web UI shows of a run, and finds it by. */
function shown(run: RunAddress, messages: TriggerMessage[]) {
  const title = run.cancelationKey === null ? run.definition : `${run.definition} ${run.cancelationKey}`
  const recipients = messages.reduce((sum, message) => sum + recipientsIn(message.sleepers), 0)
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
  client: Client,
  workflowId: string,
  message: RemovedMessage,
): Promise<'taken' | 'closed'> {
  return sendTo(client, workflowId, () => client.workflow.getHandle(workflowId).signal(cancelSignal, message))
}

export async function sendMoves(client: Client, workflowId: string, groups: Sleepers[]): Promise<'taken' | 'closed'> {
  return sendTo(client, workflowId, () => client.workflow.getHandle(workflowId).signal(moveSignal, groups))
}

async function sendTo(client: Client, workflowId: string, send: () => Promise<void>): Promise<'taken' | 'closed'> {
  try {
    await client.connection.withDeadline(Date.now() + DEADLINE_MS, send)
    return 'taken'
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return 'closed'
    throw error
  }
}

function recipientsIn(groups: Sleepers[]): number {
  let count = 0
  for (const group of groups) for (const [first, last] of group.rows) count += last - first + 1
  return count
}
