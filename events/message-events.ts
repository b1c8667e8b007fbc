import type { RetryReason } from '../workflows/sleepers.ts'
import type { OutboxEvent } from './outbox.ts'

/** How one try ended, as the message is to keep it. `retry`: it is tried again at `due`. */
export type TryOutcome =
  | { kind: 'sent' | 'delivered'; externalId: string | null }
  | { kind: 'not_sent' | 'undelivered' | 'delivery_attempted'; reason: string }
  /** `due` in epoch milliseconds. Of what was not answered nobody knows whether it was sent. */
  | { kind: 'retry'; reason: string; why: RetryReason; due: number }

/** What the end of a try is to the outside. */
export function messageTryEvents(
  { recipientRunId, number, attempt }: { recipientRunId: number; number: number; attempt: number; canceled: boolean },
  outcome: TryOutcome,
): OutboxEvent[] {
  switch (outcome.kind) {
    case 'sent':
    case 'delivered':
      return [{ type: `message.${outcome.kind}`, recipientRunId, number }]
    case 'undelivered':
      return [{ type: 'message.undelivered', recipientRunId, number, data: { failure_reason: outcome.reason } }]
    case 'retry':
    case 'delivery_attempted': {
      const data = { attempt, retryable: outcome.kind === 'retry', failure_reason: outcome.reason }
      return [{ type: 'message.delivery_attempted', recipientRunId, number, data }]
    }
    case 'not_sent':
      return [{ type: 'message.not_sent', recipientRunId, number, data: { failure_reason: outcome.reason } }]
  }
}
