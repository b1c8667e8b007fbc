import { z } from 'zod'
import type { MessageEventRow, MessageTrace } from '../store/messages/message-events.ts'
import { messageIdOf, type MessageRow } from '../store/messages/message-list.ts'
import { recipientReference } from '../store/ids/recipient.ts'
import { derivedId } from './derived-id.ts'
import { reference } from './recipient.ts'

export const messageEvent = z
  .object({
    __typename: z.literal('MessageEvent'),
    id: z.string(),
    type: z
      .string()
      .describe(
        'message.created, message.delivery_attempted for each try that failed, message.delivered, message.seen, ...',
      ),
    recipient: reference,
    data: z.record(z.string(), z.unknown()).nullable(),
    inserted_at: z.string(),
  })
  .meta({ id: 'MessageEvent' })

type Event = z.input<typeof messageEvent>

/** Oldest first; within one instant creation, failed tries, what that came to, and what the reader did. */
export function eventsOfMessage(row: MessageRow, { failedTries, engagement }: MessageTrace): Event[] {
  const id = messageIdOf(row)
  const recipient = recipientReference(row.recipient)
  const event = ({ key, type, data, inserted_at }: MessageEventRow): Event => ({
    __typename: 'MessageEvent',
    id: derivedId(id, key, inserted_at),
    type: `message.${type}`,
    recipient,
    data,
    inserted_at,
  })
  const reason = row.reason === null ? null : { reason: row.reason }
  const settled = { key: 'settled', type: row.status, data: reason, inserted_at: row.settled_at }
  return [
    event({ key: 'created', type: 'created', data: null, inserted_at: row.inserted_at }),
    ...failedTries.map(event),
    ...(isSettled(settled) && !isLastTry(settled, failedTries.at(-1)) ? [event(settled)] : []),
    ...engagement.map(event),
  ].sort((a, b) => Date.parse(a.inserted_at) - Date.parse(b.inserted_at))
}

function isSettled(
  event: Omit<MessageEventRow, 'inserted_at'> & { inserted_at: string | null },
): event is MessageEventRow {
  return event.inserted_at !== null
}

/** A message whose last try was not answered came to nothing else: that is told once, by its try. */
function isLastTry({ type, inserted_at }: MessageEventRow, last: MessageEventRow | undefined): boolean {
  return last !== undefined && type === last.type && Date.parse(inserted_at) === Date.parse(last.inserted_at)
}
