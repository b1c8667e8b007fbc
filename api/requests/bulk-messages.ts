import { z } from 'zod'
import type { MessageChange } from '../../engine/bulk-messages.ts'
import { recipientReferenceRequest } from '../../engine/recipient-request.ts'
import { boundedList } from '../../resources/bounded-list.ts'
import { instant } from '../../resources/instant.ts'
import { recipientKey, type RecipientReference } from '../../store/ids/recipient.ts'
import type { EngagementAction } from '../../store/messages/engagement.ts'
import { engagementStatuses } from '../../store/messages/message-filter.ts'
import { messageStatus } from '../../store/schema/index.ts'
import type { ApiCaller } from '../http/caller.ts'
import { ApiError, invalid } from '../http/errors.ts'
import { triggerData } from './filters.ts'

const MAX_NAMED = 1_000

/** What each action of the path does; Knock's clients spell some in two ways. */
export const bulkActions = {
  seen: 'seen',
  unseen: 'unseen',
  read: 'read',
  unread: 'unread',
  interacted: 'interacted',
  archived: 'archived',
  archive: 'archived',
  delete: 'archived',
  unarchived: 'unarchived',
  unarchive: 'unarchived',
} as const satisfies Record<string, EngagementAction>

/** One or several; none would be mistaken for all. */
function some<Item extends z.ZodType>(item: Item) {
  return z.preprocess(
    (value) => (value === undefined || value === null || Array.isArray(value) ? value : [value]),
    boundedList(item, { min: 1, max: MAX_NAMED }).nullish(),
  )
}

const recipients = some(recipientReferenceRequest)

/** Several values of one field mean any of them. A field that is not known would leave everything in, and is refused. */
export const bulkMessagesRequest = z.strictObject({
  archived: z.enum(['exclude', 'include', 'only']).nullish(),
  delivery_status: some(z.enum(messageStatus.enumValues)),
  engagement_status: some(z.enum(engagementStatuses)),
  has_tenant: z.boolean().nullish(),
  newer_than: instant.nullish(),
  older_than: instant.nullish(),
  recipient_ids: recipients,
  user_ids: recipients.describe('Another name of recipient_ids'),
  tenants: some(z.string()),
  trigger_data: z
    .preprocess((given) => (typeof given === 'object' && given !== null ? JSON.stringify(given) : given), triggerData)
    .nullish(),
  workflows: some(z.string()),
})

/**
 * The change that was asked for, of messages made up to `now`. A public key must name whose messages it means. Throws
 * `not_permitted` where a user's token does not reach them.
 */
export function messageChangeOf(
  body: z.output<typeof bulkMessagesRequest>,
  given: { action: EngagementAction; channelId: string; caller: ApiCaller; now: number },
): MessageChange {
  const { action, channelId, caller, now } = given
  const named = body.recipient_ids ?? body.user_ids ?? undefined
  const until = new Date(now).toISOString()
  return {
    action,
    filter: {
      channelId,
      statuses: body.delivery_status ?? undefined,
      engagement: body.engagement_status ?? undefined,
      hasTenant: body.has_tenant ?? undefined,
      triggerData: body.trigger_data ?? undefined,
      insertedAt: { gt: body.newer_than ?? undefined, lt: body.older_than ?? undefined, lte: until },
    },
    recipients: whose(named, caller),
    archived: body.archived ?? 'include',
    workflows: body.workflows ?? null,
    ...withinTenants(body.tenants ?? null, caller),
  }
}

function whose(named: RecipientReference[] | undefined, { kind, token }: ApiCaller): string[] | null {
  const keys = named === undefined ? undefined : [...new Set(named.map(recipientKey))]
  if (kind === 'secret') return keys ?? null
  if (token === undefined) {
    if (keys === undefined) throw invalid('recipient_ids', 'must be there where a public key calls', 'required')
    return keys
  }
  const meant = named ?? [token.userId]
  if (!meant.every((each) => token.grants.reaches(token.userId, each, 'feed', 'write'))) {
    throw new ApiError('not_permitted', { message: 'This user token is not one to write these feeds' })
  }
  return keys ?? [token.userId]
}

/** Narrows it to the tenants that a token is for, if it is for some only. */
function withinTenants(asked: string[] | null, { token }: ApiCaller): Pick<MessageChange, 'tenants' | 'orNoTenant'> {
  const scope = token?.grants.tenants(token.userId, 'feed', 'write')
  if (scope === undefined) return { tenants: asked, orNoTenant: false }
  if (asked === null) return { tenants: [...scope.tenants], orNoTenant: scope.none }
  return { tenants: asked.filter((tenant) => scope.tenants.has(tenant)), orNoTenant: false }
}
