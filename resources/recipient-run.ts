import { z } from 'zod'
import { messageId } from '../store/ids/message-id.ts'
import type { RecipientRunTrace } from '../store/recipient-runs/recipient-run-events.ts'
import { recipientRunStatuses, type RecipientRunRow } from '../store/recipient-runs/recipient-run-list.ts'
import { recipientRunUuid } from '../store/ids/row-id.ts'
import { reference } from './recipient.ts'

const data = z.record(z.string(), z.unknown())

export const recipientRun = z
  .object({
    __typename: z.literal('WorkflowRecipientRun'),
    id: z.uuid(),
    workflow_run_id: z.uuid(),
    workflow: z.string(),
    recipient: reference,
    via: z.union([reference, z.null()]).describe('The object as whose subscriber they came in; null: they were named'),
    // A union, since the document cannot tell of a named schema that it is nullable.
    actor: z.union([reference, z.null()]),
    tenant: z.string().nullable(),
    status: z.enum(recipientRunStatuses),
    error_count: z.int(),
    reason: z
      .string()
      .nullable()
      .describe(
        'Why it failed, why nothing reached them, or why it was canceled; while it waits for the next try, the last refusal',
      ),
    canceled_by: z
      .string()
      .nullable()
      .describe('The name of the key that canceled it, or temporal: by hand; null unless it is canceled'),
    step: z.string().nullable().describe('Ref of the step it stands in; null once it is over'),
    scheduled_at: z.string().nullable().describe('When it goes on, while it is paused'),
    trigger_source: z.object({
      type: z.enum(['api', 'schedule']),
      cancellation_key: z.string().nullable(),
      cancelation_key: z.string().nullable(),
      schedule_id: z.uuid().nullable(),
      audience_key: z.null(),
    }),
    inserted_at: z.string(),
    updated_at: z.string(),
  })
  .meta({ id: 'WorkflowRecipientRun' })

const recipientRunEvent = z
  .object({
    __typename: z.literal('WorkflowRecipientRunEvent'),
    id: z.string(),
    event: z
      .string()
      .describe(
        'received, message_created, batch_joined (another run carries it on), canceled, cancel_requested (while a step was being sent), completed, failed, or what was recorded: tries, moves',
      ),
    status: z.enum(['ok', 'error']),
    step_ref: z.string().nullable(),
    step_type: z.string().nullable(),
    attempt: z.int().nullable(),
    data: data.nullable(),
    inserted_at: z.string(),
  })
  .meta({ id: 'WorkflowRecipientRunEvent' })

export const recipientRunWithEvents = recipientRun
  .extend({ events: z.array(recipientRunEvent) })
  .meta({ id: 'WorkflowRecipientRunWithEvents' })

type Event = z.input<typeof recipientRunEvent>

/**
 * Arrival, messages, a batch joined, cancel and end are told by the rows themselves; tries and moves are on record. Oldest first; of one
 * instant in the order of the walk, which only goes down the list of steps, and says why before what it made.
 */
export function recipientRunEvents(row: RecipientRunRow, trace: RecipientRunTrace): Event[] {
  const uuid = recipientRunUuid(row.workflow_run_id, row.id)
  const trigger = { workflowRunId: row.workflow_run_id, acceptedAt: new Date(row.accepted_at) }
  const event = (id: string, event: string, inserted_at: string, rest: Partial<Event> = {}): Event => ({
    __typename: 'WorkflowRecipientRunEvent',
    id: `${uuid}-${id}`,
    event,
    status: 'ok',
    step_ref: null,
    step_type: null,
    attempt: null,
    data: null,
    ...rest,
    inserted_at,
  })
  const walked: { step: number; event: Event }[] = []
  for (const { id, step, event: name, status, inserted_at, ...rest } of trace.events) {
    const told = event(`record-${id}`, name, inserted_at, { ...rest, status: status === 'ok' ? 'ok' : 'error' })
    walked.push({ step, event: told })
  }
  for (const { number, step, step_ref, status, reason, inserted_at } of trace.messages) {
    const failed = status === 'undelivered' || status === 'bounced' || status === 'not_sent'
    const told = event(`message-${number}`, 'message_created', inserted_at, {
      status: failed ? 'error' : 'ok',
      step_ref,
      step_type: 'channel',
      data: { message_id: messageId(trigger, { recipientRunId: row.id, number }), status, reason },
    })
    walked.push({ step, event: told })
  }
  const inOrder = walked.sort((a, b) => a.step - b.step).map(({ event: told }) => told)
  const events = [event('received', 'received', row.accepted_at), ...inOrder]
  if (trace.join !== undefined) {
    const { carrier, workflow_run_id, closes_at, inserted_at } = trace.join
    const by = { workflow_run_id, workflow_recipient_run_id: recipientRunUuid(workflow_run_id, carrier) }
    const { step_ref, step_type } = row
    events.push(
      event('join', 'batch_joined', inserted_at, { step_ref, step_type, data: { carried_by: by, closes_at } }),
    )
  }
  if (trace.cancel !== undefined) {
    const { api_key, reason, created_at } = trace.cancel
    // What was being sent when the cancel came may have been the last of it.
    const name = row.status === 'cancelled' ? 'canceled' : 'cancel_requested'
    events.push(event('canceled', name, created_at, { data: { api_key, reason } }))
  }
  if (row.status === 'completed') {
    const failed = row.error_count > 0
    events.push(
      event('end', failed ? 'failed' : 'completed', row.updated_at, {
        status: failed ? 'error' : 'ok',
        data: row.reason === null ? null : { reason: row.reason },
      }),
    )
  }
  return events.sort((a, b) => Date.parse(a.inserted_at) - Date.parse(b.inserted_at))
}
