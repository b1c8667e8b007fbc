import type { OutboxEvent } from './outbox.ts'

interface MadeMessage {
  recipientRunId: number
  number: number
  status: string
}

/** What a walk's settlement is to the outside: the messages that were delivered by it, then the recipient run if it is over. */
export function walkEvents(
  walk: { id: number; status: 'waiting' | 'ended'; errors: number; messages: readonly MadeMessage[] },
  { errorCount, canceling }: { errorCount: number; canceling: boolean },
): OutboxEvent[] {
  const events: OutboxEvent[] = []
  for (const { status, recipientRunId, number } of walk.messages) {
    // By being written: others are queued.
    if (status === 'delivered') events.push({ type: 'message.delivered', recipientRunId, number, feed: 'added' })
  }
  // Of one whose activity was taken back, the cancel has told.
  if (walk.status === 'ended' && !canceling) {
    const failed = errorCount + walk.errors > 0
    events.push({ type: `workflow_recipient_run.${failed ? 'error' : 'completed'}`, recipientRunId: walk.id })
  }
  return events
}
