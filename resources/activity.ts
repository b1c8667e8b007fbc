import { z } from 'zod'
import { recipientRunUuid } from '../store/ids/row-id.ts'
import type { ActivityRow } from '../store/messages/activities.ts'
import { messageIdOf, type MessageRow } from '../store/messages/message-list.ts'
import { jsonObject } from './json-object.ts'
import { recipient, recipientOf, type Profile } from './recipient.ts'

export const activity = z
  .object({
    __typename: z.literal('Activity'),
    id: z.string(),
    actor: z.union([recipient, z.null()]),
    recipient,
    data: jsonObject,
    inserted_at: z.string(),
    updated_at: z.string(),
  })
  .meta({ id: 'Activity', description: 'What one trigger told of' })

/** An activity of a message; `profileOf` knows actors and recipient by their keys. */
export function activityOf(
  message: MessageRow,
  { row, workflow_run_id, actor, data, inserted_at }: ActivityRow,
  profileOf: (key: string) => Profile | null,
): z.input<typeof activity> {
  const isOwn = message.batch_id === null
  return {
    __typename: 'Activity',
    id: isOwn ? messageIdOf(message) : recipientRunUuid(workflow_run_id, row),
    actor: actor === null ? null : recipientOf(actor, profileOf(actor), inserted_at),
    recipient: recipientOf(message.recipient, profileOf(message.recipient), inserted_at),
    data,
    inserted_at,
    updated_at: inserted_at,
  }
}
