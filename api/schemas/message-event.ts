import { z } from 'zod'
import type { MessageEventRow } from '../../store/message-events.ts'
import { messageIdOf, type MessageRow } from '../../store/message-list.ts'
import { recipientReference } from '../../store/recipient.ts'
import { reference } from './recipient.ts'

export const messageEvent = z
  .object({
    __typename: z.literal('MessageEvent'),
    id: z.string(),
    type: z.string().describe('message.created, message.delivered, message.seen, ...'),
    recipient: reference,
    data: z.record(z.string(), z.unknown()).nullable(),
    inserted_at: z.string(),
  })
  .meta({ id: 'MessageEvent' })

const isEngagement = (type: string) => /^(un)?(seen|read|archived)$|^interacted$|^link_clicked$/.test(type)

/**
 * Creation and delivery are told by the message itself, the rest is on record: failed attempts come before the
 * delivery, engagement after it.
 */
export function eventsOfMessage(row: MessageRow, recorded: MessageEventRow[]): z.input<typeof messageEvent>[] {
  const id = messageIdOf(row)
  const event = (part: string, type: string, inserted_at: string, data: MessageEventRow['data'] = null) => ({
    __typename: 'MessageEvent' as const,
    id: `${id}-${part}`,
    type: `message.${type}`,
    recipient: recipientReference(row.recipient),
    data,
    inserted_at,
  })
  const stored = recorded.map(({ id, type, inserted_at, data }) => event(String(id), type, inserted_at, data))
  const first = recorded.findIndex(({ type }) => isEngagement(type))
  const attempts = first === -1 ? stored.length : first
  // Engagement moves updated_at on; until the first of it, that is the instant of the delivery status.
  const settledAt = recorded[attempts]?.inserted_at ?? row.updated_at
  const reason = row.reason === null ? null : { reason: row.reason }
  return [
    event('created', 'created', row.inserted_at),
    ...stored.slice(0, attempts),
    event('status', row.status, settledAt, reason),
    ...stored.slice(attempts),
  ]
}
