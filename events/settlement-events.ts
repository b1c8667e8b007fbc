import type { SettledMessage, Settlement } from '../store/recipient-runs/settle.ts'
import type { OutboxEvent } from './outbox.ts'

/** What a settlement is to the outside: what became of the message, then of the recipient run if it is over. */
export function eventsOf(
  settlement: Settlement,
  { errorCount, canceling }: { errorCount: number; canceling: boolean },
): OutboxEvent[] {
  const { id: recipientRunId, status, errors, message, event } = settlement
  const events = message === undefined ? [] : messageEvents(recipientRunId, message, event?.attempt ?? null)
  if (status === 'ended') {
    const failed = errorCount + errors > 0
    events.push({ type: `workflow_recipient_run.${failed ? 'error' : 'completed'}`, recipientRunId })
  } else if (canceling) events.push({ type: 'workflow_recipient_run.cancelled', recipientRunId })
  return events
}

function messageEvents(recipientRunId: number, message: SettledMessage, attempt: number | null): OutboxEvent[] {
  const { status, step, reason } = message
  switch (status) {
    case 'sent':
    case 'delivered':
      return [{ type: `message.${status}`, recipientRunId, step }]
    case 'undelivered':
      return [{ type: 'message.undelivered', recipientRunId, step, data: { failure_reason: reason } }]
    case 'queued':
    case 'delivery_attempted': {
      const data = { attempt, retryable: status === 'queued', failure_reason: reason }
      return [{ type: 'message.delivery_attempted', recipientRunId, step, data }]
    }
    case 'not_sent':
      // Nothing left: Knock has no such event.
      return []
  }
}
