import { z } from 'zod'
import type { Catalog } from '../../definitions/catalog.ts'
import { engagementStatuses, type MessageFilter } from '../../store/messages/message-filter.ts'
import { messageStatus } from '../../store/schema/index.ts'
import { invalid } from '../http/errors.ts'
import { findChannel } from '../http/find-channel.ts'
import { insertedAtOf, insertedAtQuery, several, triggerData } from './filters.ts'
import { messagePosition, pageQuery } from '../../resources/page.ts'

/** Several values of one field mean any of them. */
export const messageQuery = z.object({
  tenant: z.string().optional(),
  channel_id: z.string().optional().describe('A channel’s id or key'),
  status: several(z.enum(messageStatus.enumValues)),
  engagement_status: several(z.enum(engagementStatuses)),
  message_ids: several(z.string(), 50),
  workflow_categories: several(z.string()),
  source: z.string().optional().describe('A definition’s key'),
  workflow_run_id: z.uuid().optional(),
  workflow_recipient_run_id: z.uuid().optional(),
  trigger_data: triggerData.optional(),
  ...insertedAtQuery,
  ...pageQuery(messagePosition),
})

/** The filter that a list of messages is asked with. Throws an ApiError where no channel has the id or key. */
export function messageFilterOf(query: z.output<typeof messageQuery>, catalog: Catalog): MessageFilter {
  return {
    tenant: query.tenant,
    channelId: query.channel_id === undefined ? undefined : channelIdOf(catalog, query.channel_id),
    statuses: query.status,
    engagement: query.engagement_status,
    ids: query.message_ids,
    categories: query.workflow_categories,
    source: query.source,
    workflowRunId: query.workflow_run_id,
    workflowRecipientRunId: query.workflow_recipient_run_id,
    triggerData: query.trigger_data,
    insertedAt: insertedAtOf(query),
  }
}

/** A channel no longer in channels.json still has messages: its id is taken as it is. */
function channelIdOf(catalog: Catalog, idOrKey: string): string {
  const channel = findChannel(catalog, idOrKey)
  if (channel !== undefined) return channel.id
  if (z.uuid().safeParse(idOrKey).success) return idOrKey
  throw invalid('channel_id', 'is no channel’s id or key', 'inclusion')
}
