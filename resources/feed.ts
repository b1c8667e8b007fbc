import { z } from 'zod'
import type { FeedRow } from '../store/messages/feed.ts'
import { activity } from './activity.ts'
import { recipientRunUuid } from '../store/ids/row-id.ts'
import type { MessageActivities } from '../store/batches/message-activities.ts'
import { messageIdOf, messageOrder } from '../store/messages/message-list.ts'
import { engagementInstants, sourceOf } from './message-shape.ts'
import { source } from './message.ts'
import { jsonObject } from './json-object.ts'
import { cursorOf, pageInfo } from './page.ts'
import { recipient, recipientOf, userOf } from './recipient.ts'

const data = jsonObject
const instant = z.string().nullable()

const button = z.object({ name: z.string(), label: z.string(), action: z.string() })

const block = z
  .union([
    z.object({ type: z.enum(['markdown', 'text']), name: z.string(), content: z.string(), rendered: z.string() }),
    z.object({ type: z.literal('button_set'), name: z.string(), buttons: z.array(button) }),
  ])
  .meta({ id: 'FeedBlock' })

export const feedItem = z
  .object({
    __typename: z.literal('FeedItem'),
    __cursor: z.string(),
    id: z.string().describe('The message’s id'),
    activities: z.array(activity).optional(),
    total_activities: z.int().optional(),
    actors: z.array(recipient),
    total_actors: z.int(),
    blocks: z.array(block),
    data,
    source,
    tenant: z.string().nullable(),
    seen_at: instant,
    read_at: instant,
    interacted_at: instant,
    clicked_at: instant,
    link_clicked_at: instant,
    archived_at: instant,
    inserted_at: z.string(),
    updated_at: z.string(),
  })
  .meta({ id: 'FeedItem' })

export const feed = z
  .object({
    entries: z.array(feedItem),
    vars: data,
    meta: z.object({
      __typename: z.literal('FeedMetadata'),
      total_count: z.int(),
      unread_count: z.int(),
      unseen_count: z.int(),
    }),
    page_info: pageInfo,
  })
  .meta({ id: 'Feed' })

export const feedSettings = z
  .object({ features: z.object({ branding_required: z.boolean() }) })
  .meta({ id: 'FeedSettings' })

/** `compact` leaves out activities and what is nested in `data`. `contained`: what a message of a batch contains. */
export function feedItemOf(
  row: FeedRow,
  mode: 'compact' | 'rich',
  contained?: MessageActivities,
): z.input<typeof feedItem> {
  const id = messageIdOf(row)
  const { inserted_at, updated_at } = row
  const { activities, actors, total, totalActors, data } =
    contained === undefined ? ownActivity(row, id) : activitiesOf(row, contained)
  return {
    __typename: 'FeedItem',
    __cursor: cursorOf(messageOrder.positionOf(row)),
    id,
    ...(mode === 'rich' && { activities, total_activities: total }),
    actors,
    total_actors: totalActors,
    blocks: row.blocks as z.input<typeof block>[],
    data: mode === 'rich' ? data : flatPart(data),
    source: sourceOf(row),
    tenant: row.tenant,
    ...engagementInstants(row),
    inserted_at,
    updated_at,
  }
}

function ownActivity(row: FeedRow, id: string) {
  const actor = row.actor === null ? null : recipientOf(row.actor, row.actor_profile, row.inserted_at)
  const { inserted_at, updated_at, data } = row
  const recipient = userOf(row.recipient, row.recipient_profile, row.inserted_at)
  const own = { __typename: 'Activity' as const, id, actor, recipient, data, inserted_at, updated_at }
  const actors = actor === null ? [] : [actor]
  return { activities: [own], actors, total: 1, totalActors: actors.length, data }
}

function activitiesOf(row: FeedRow, { activities, actors, total, totalActors, data, properties }: MessageActivities) {
  const recipient = userOf(row.recipient, row.recipient_profile, row.inserted_at)
  const describe = (key: string) => {
    const known = properties.get(key)
    const profile = known === undefined ? null : { properties: known, created_at: null, updated_at: null }
    return recipientOf(key, profile, row.inserted_at)
  }
  return {
    activities: activities.map((activity) => ({
      __typename: 'Activity' as const,
      id: recipientRunUuid(activity.workflowRunId, activity.id),
      actor: activity.actor === null ? null : describe(activity.actor),
      recipient,
      data: activity.data,
      inserted_at: new Date(activity.acceptedAt).toISOString(),
      updated_at: new Date(activity.acceptedAt).toISOString(),
    })),
    actors: actors.map(describe),
    total,
    totalActors,
    data,
  }
}

function flatPart(data: FeedRow['data']): FeedRow['data'] {
  return Object.fromEntries(Object.entries(data).filter(([, value]) => typeof value !== 'object' || value === null))
}
