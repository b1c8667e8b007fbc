import { messageIdOf, type MessageRow } from '../store/messages/message-list.ts'
import { recipientReference } from '../store/ids/recipient.ts'
import { recipientRunUuid } from '../store/ids/row-id.ts'

/** A message as the API answers it and webhooks tell it: schema `Message` of resources/message.ts. */
export function messageOf(row: MessageRow) {
  return {
    __typename: 'Message' as const,
    id: messageIdOf(row),
    channel_id: row.channel_id,
    ...(row.channel !== null && { channel: { __typename: 'Channel' as const, id: row.channel_id, ...row.channel } }),
    recipient: recipientReference(row.recipient),
    actors: (row.actors ?? (row.actor === null ? [] : [row.actor])).map(recipientReference),
    workflow: row.workflow,
    source: sourceOf(row),
    tenant: row.tenant,
    data: row.data,
    ...(row.data_omitted === true && { data_omitted: true as const }),
    metadata: { external_id: row.external_id },
    status: row.status,
    reason: row.reason,
    engagement_statuses: engagementOf(row),
    ...engagementInstants(row),
    scheduled_at: row.due,
    inserted_at: row.inserted_at,
    updated_at: row.updated_at,
  }
}

/** Where a message came from: its workflow, version, trigger and step. */
export function sourceOf(row: MessageRow) {
  return {
    __typename: 'NotificationSource' as const,
    type: 'workflow' as const,
    key: row.workflow,
    version_id: row.version_id,
    categories: row.categories,
    step_ref: row.step_ref,
    workflow_run_id: row.workflow_run_id,
    workflow_recipient_run_id: recipientRunUuid(row.workflow_run_id, row.recipient_run_id),
  }
}

/** The instants at which its recipient did something with it; `clicked_at` is Knock’s other name. */
export function engagementInstants(row: MessageRow) {
  const { seen_at, read_at, interacted_at, link_clicked_at, archived_at } = row
  return { seen_at, read_at, interacted_at, link_clicked_at, clicked_at: link_clicked_at, archived_at }
}

function engagementOf(row: MessageRow) {
  const reached = ['seen', 'read', 'interacted', 'link_clicked', 'archived'] as const
  return reached.filter((status) => row[`${status}_at`] !== null)
}
