import { z } from 'zod'
import { engagementStatuses } from '../store/messages/message-filter.ts'
import { messageStatus } from '../store/schema/index.ts'
import { channel } from './channel.ts'
import { jsonObject } from './json-object.ts'
import { reference } from './recipient.ts'

export const instant = z.string().nullable()

export const source = z
  .object({
    __typename: z.literal('NotificationSource'),
    type: z.literal('workflow'),
    key: z.string().describe('The definition’s key'),
    version_id: z.uuid().describe('The version the trigger started with'),
    categories: z.array(z.string()),
    step_ref: z.string(),
    workflow_run_id: z.uuid(),
    workflow_recipient_run_id: z.uuid(),
  })
  .meta({ id: 'NotificationSource' })

export const message = z
  .object({
    __typename: z.literal('Message'),
    id: z.string(),
    channel_id: z.uuid(),
    channel: channel.optional(),
    recipient: reference,
    actors: z.array(reference),
    workflow: z.string(),
    source,
    tenant: z.string().nullable(),
    data: jsonObject,
    data_omitted: z
      .literal(true)
      .optional()
      .describe('In the answer to a batch: data is left out, since the messages before it hold 8 MB'),
    metadata: z.object({ external_id: z.string().nullable().describe('The provider’s id of it') }),
    status: z.enum(messageStatus.enumValues),
    reason: z.string().nullable().describe('Why it was not sent, or the provider’s last refusal'),
    engagement_statuses: z.array(z.enum(engagementStatuses)),
    seen_at: instant,
    read_at: instant,
    interacted_at: instant,
    link_clicked_at: instant,
    clicked_at: instant,
    archived_at: instant,
    scheduled_at: instant,
    inserted_at: z.string(),
    updated_at: z.string(),
  })
  .meta({ id: 'Message' })
