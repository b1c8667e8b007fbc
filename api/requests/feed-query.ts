import { z } from 'zod'
import type { FeedFilter } from '../../store/messages/feed.ts'
import type { ApiCaller } from '../http/caller.ts'
import { ApiError } from '../http/errors.ts'
import { flag, insertedAtOf, insertedAtQuery, several, triggerData } from './filters.ts'

/** What a feed is narrowed to, by whoever reads it or listens to it. */
export const feedFilterFields = {
  status: z.enum(['unread', 'read', 'unseen', 'seen', 'all']).default('all'),
  archived: z.enum(['exclude', 'include', 'only']).default('exclude'),
  source: z.string().optional().describe('A definition’s key'),
  tenant: z.string().optional().describe('Items of this tenant and, unless has_tenant is true, of none'),
  has_tenant: flag.optional(),
  workflow_categories: several(z.string()),
  trigger_data: triggerData.optional(),
  ...insertedAtQuery,
}

const feedFilter = z.object(feedFilterFields)

/** Throws `not_permitted` where the caller's token is for some tenants only, and what is asked for is none of them. */
export function feedFilterOf(
  query: z.output<typeof feedFilter>,
  feed: { recipient: string; channelId: string },
  caller: ApiCaller,
): FeedFilter {
  return {
    ...feed,
    archived: query.archived,
    engagement: query.status === 'all' ? undefined : [query.status],
    source: query.source,
    tenant: query.tenant,
    orNoTenant: true,
    hasTenant: query.has_tenant,
    categories: query.workflow_categories,
    triggerData: query.trigger_data,
    insertedAt: insertedAtOf(query),
    ...withinTenants(caller, query.tenant),
  }
}

/** Reads options of a client that listens, in which values are JSON; null: they are none. */
export function readFeedOptions(options: Record<string, unknown>): z.output<typeof feedFilter> | null {
  const given = Object.entries(options).filter(([, value]) => value !== undefined && value !== null)
  const texts = given.map(([name, value]): [string, unknown] => {
    if (name === 'trigger_data' && typeof value === 'object') return [name, JSON.stringify(value)]
    return [name, typeof value === 'boolean' ? String(value) : value]
  })
  const read = feedFilter.safeParse(Object.fromEntries(texts))
  return read.success ? read.data : null
}

/**
 * What a token that is for some tenants only narrows a feed to: the tenant asked for must be one of them, and items of no
 * tenant are shown if it is also for those.
 */
function withinTenants(
  { token }: ApiCaller,
  tenant: string | undefined,
): { orNoTenant?: boolean; hasTenant?: boolean } {
  const scope = token?.grants.tenants(token.userId, 'feed', 'read')
  if (scope === undefined) return {}
  if (tenant === undefined && scope.none) return { hasTenant: false }
  if (tenant !== undefined && scope.tenants.has(tenant)) return { orNoTenant: scope.none }
  throw new ApiError('not_permitted', { message: 'This user token is for feeds of the tenants it names only' })
}
