import { z } from 'zod'
import { FEED_TYPE } from '../../channels/in-app-feed/feed-type.ts'
import type { Catalog } from '../../definitions/catalog.ts'
import { loadMessageActivities } from '../../store/batches/message-activities.ts'
import { countFeed, listFeed, type FeedParts } from '../../store/messages/feed.ts'
import { defineRoute } from '../http/define-route.ts'
import { ApiError } from '../http/errors.ts'
import { findChannel } from '../http/find-channel.ts'
import { exclude, without } from '../requests/exclude.ts'
import { feed, feedItemOf, feedSettings } from '../../resources/feed.ts'
import { feedFilterFields, feedFilterOf } from '../requests/feed-query.ts'
import { messagePosition, pageInfoOf, pageQuery, windowOf } from '../../resources/page.ts'
import { userId } from '../../resources/ids.ts'

const tag = 'Feeds'
const params = z.object({ user_id: userId, channel: z.string().describe('The channel’s id or key') })

const feedQuery = z.object({
  ...feedFilterFields,
  mode: z.enum(['compact', 'rich']).default('rich'),
  exclude: exclude.optional(),
  ...pageQuery(messagePosition),
})

const getFeed = defineRoute({
  method: 'get',
  path: '/v1/users/:user_id/feeds/:channel',
  access: 'user',
  scope: 'read',
  tag,
  summary: 'Read a user’s in-app feed, newest first',
  description:
    'An id never seen before has an empty feed. The counts of `meta` follow every filter except `status` and the page.',
  params,
  query: feedQuery,
  response: feed,
  errors: ['resource_missing'],
  async handle({ params, query }, { store, catalog, caller }) {
    const window = windowOf(query)
    const feed = { recipient: params.user_id, channelId: feedChannelId(catalog, params.channel) }
    const filter = feedFilterOf(query, feed, caller)
    const page = await listFeed(store.db, filter, window, partsOf(query.mode, query.exclude ?? []))
    const counts = await countFeed(store.db, filter)
    const contained = await loadMessageActivities(store.db, page.rows)
    const answer = {
      entries: page.rows.map((row) => feedItemOf(row, query.mode, contained.get(row))),
      vars: {},
      meta: { __typename: 'FeedMetadata' as const, ...counts },
      page_info: pageInfoOf(page, window),
    }
    return without(answer, query.exclude ?? [])
  },
})

const getSettings = defineRoute({
  method: 'get',
  path: '/v1/users/:user_id/feeds/:channel/settings',
  access: 'user',
  scope: 'read',
  tag,
  summary: 'Get what a feed shows around its items',
  params,
  response: feedSettings,
  errors: ['resource_missing'],
  handle({ params }, { catalog }) {
    feedChannelId(catalog, params.channel)
    return Promise.resolve({ features: { branding_required: false } })
  },
})

/** What of an item is loaded at all. */
function partsOf(mode: 'compact' | 'rich', excluded: readonly string[][]): FeedParts {
  const shows = (...path: string[]) => !excluded.some((given) => given.every((name, i) => path[i] === name))
  const times = Number(shows('entries', 'data')) + Number(mode === 'rich' && shows('entries', 'activities', 'data'))
  const data = times === 0 ? 'none' : mode === 'rich' ? 'whole' : 'flat'
  return { data, dataTimes: times, blocks: shows('entries', 'blocks') }
}

function feedChannelId(catalog: Catalog, idOrKey: string): string {
  const channel = findChannel(catalog, idOrKey)
  if (channel?.type === FEED_TYPE) return channel.id
  throw new ApiError('resource_missing', { message: 'No in-app feed channel has this id or key' })
}

export const feedRoutes = [getFeed, getSettings]
