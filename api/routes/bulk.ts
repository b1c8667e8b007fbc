import { z } from 'zod'
import { beginBulk, type BulkInput } from '../../engine/bulk-operations.ts'
import { recipientRequest, recipientReferenceRequest } from '../../engine/recipient-request.ts'
import { MAX_SUBSCRIBERS } from '../../engine/subscriptions.ts'
import { tenantOfTrigger } from '../../engine/tenant-request.ts'
import { boundedList } from '../../resources/bounded-list.ts'
import { bulkOperation, bulkOperationOf } from '../../resources/bulk-operation.ts'
import { collectionName, objectId, tenantId, userId } from '../../resources/ids.ts'
import { looseObject } from '../../resources/loose-object.ts'
import { preferenceSetId, preferenceWrite } from '../../resources/preferences.ts'
import { subscriptionProperties } from '../../resources/subscription.ts'
import { profileRequest } from '../../resources/user.ts'
import { readsWithin } from '../../settings/schemas-within.ts'
import { zodErrorMap } from '../../settings/zod-error-map.ts'
import { findBulk } from '../../store/bulk-operations/bulk-operations.ts'
import { defineRoute } from '../http/define-route.ts'
import { ApiError } from '../http/errors.ts'
import type { Context, Route } from '../http/route.ts'
import { oneOrSeveral } from '../requests/filters.ts'

const tag = 'Bulk operations'
const MAX_ITEMS = 1_000
const items = <Item extends z.ZodType>(item: Item) => boundedList(item, { min: 1, max: MAX_ITEMS })

async function begun(context: Context, name: string, input: BulkInput) {
  return bulkOperationOf(await beginBulk(context, { apiKey: context.apiKey }, name, input))
}

/** A user or object of a list: an id beside what an identify takes. */
function described<Id extends z.ZodType<string>>(id: Id) {
  const read = looseObject({ id }).transform((given, issues) => {
    const { id, ...fields } = given as { id: string }
    const checked = profileRequest.safeParse(fields, { error: zodErrorMap })
    for (const issue of checked.error?.issues ?? []) issues.addIssue({ ...issue })
    return { id, ...(checked.data ?? { properties: {}, channelData: undefined, preferences: undefined }) }
  })
  readsWithin(read, profileRequest)
  return read
}

const collection = z.object({ collection: collectionName })
const common = { access: 'secret', scope: 'admin', tag, response: bulkOperation, largeBody: true } as const

const usersIdentify = defineRoute({
  ...common,
  method: 'post',
  path: '/v1/users/bulk/identify',
  summary: 'Identify up to 1,000 users',
  body: z.object({ users: items(described(userId)) }),
  handle: ({ body }, context) => begun(context, 'users.identify', { kind: 'users.identify', items: body.users }),
})

const usersDelete = defineRoute({
  ...common,
  method: 'post',
  path: '/v1/users/bulk/delete',
  summary: 'Delete up to 1,000 users, canceling what is pending for them',
  body: z.object({ user_ids: items(userId) }),
  handle: ({ body }, context) => begun(context, 'users.delete', { kind: 'users.delete', items: body.user_ids }),
})

const setWithId = z
  .looseObject({ id: preferenceSetId.nullish() })
  .transform(({ id, ...set }) => ({ id: id ?? 'default', set }))
  .pipe(z.object({ id: preferenceSetId, set: preferenceWrite }))
readsWithin(setWithId, preferenceWrite)

/** One client sends it as a PUT. */
const usersPreferences = (['post', 'put'] as const).map((method) =>
  defineRoute({
    ...common,
    method,
    path: '/v1/users/bulk/preferences',
    summary: 'Set a preference set of up to 1,000 users',
    body: z.object({
      user_ids: items(userId),
      preferences: setWithId,
    }),
    handle: ({ body: { user_ids: ids, preferences } }, context) => {
      const sets = { [preferences.id]: preferences.set }
      const items = ids.map((recipient) => ({ recipient, sets }))
      return begun(context, 'users.set_preferences', { kind: 'users.set_preferences', items })
    },
  }),
)

const objectsSet = defineRoute({
  ...common,
  method: 'post',
  path: '/v1/objects/:collection/bulk/set',
  summary: 'Set up to 1,000 objects of a collection',
  params: collection,
  body: z.object({ objects: items(described(objectId)) }),
  handle: ({ params, body }, context) =>
    begun(context, 'objects.set', { kind: 'objects.set', items: body.objects.map((each) => ({ ...each, ...params })) }),
})

const objectsDelete = defineRoute({
  ...common,
  method: 'post',
  path: '/v1/objects/:collection/bulk/delete',
  summary: 'Delete up to 1,000 objects of a collection',
  params: collection,
  body: z.object({ object_ids: items(objectId) }),
  handle: ({ params, body }, context) =>
    begun(context, 'objects.delete', {
      kind: 'objects.delete',
      items: body.object_ids.map((id) => ({ ...params, id })),
    }),
})

const most = { min: 1, max: MAX_SUBSCRIBERS }

const subscriptionsAdd = defineRoute({
  ...common,
  method: 'post',
  path: '/v1/objects/:collection/bulk/subscriptions/add',
  summary: 'Subscribe recipients to up to 1,000 objects of a collection',
  params: collection,
  body: z.object({
    subscriptions: items(
      z.object({
        id: objectId,
        recipients: boundedList(recipientRequest, most),
        properties: subscriptionProperties.nullish(),
      }),
    ),
  }),
  handle: ({ params, body }, context) =>
    begun(context, 'objects.add_subscriptions', {
      kind: 'objects.add_subscriptions',
      items: body.subscriptions.map(({ id, recipients, properties }) => {
        return { object: { ...params, id }, recipients, properties: properties ?? undefined }
      }),
    }),
})

const subscriptionsDelete = defineRoute({
  ...common,
  method: 'post',
  path: '/v1/objects/:collection/bulk/subscriptions/delete',
  summary: 'Unsubscribe recipients from up to 1,000 objects of a collection',
  params: collection,
  body: z.object({
    subscriptions: items(z.object({ id: objectId, recipients: boundedList(recipientReferenceRequest, most) })),
  }),
  handle: ({ params, body }, context) =>
    begun(context, 'objects.delete_subscriptions', {
      kind: 'objects.delete_subscriptions',
      items: body.subscriptions.flatMap(({ id, recipients }) =>
        recipients.map((recipient) => ({ object: { ...params, id }, recipient })),
      ),
    }),
})

const tenantsSet = defineRoute({
  ...common,
  method: 'post',
  path: '/v1/tenants/bulk/set',
  summary: 'Set up to 1,000 tenants',
  body: z.object({ tenants: items(tenantOfTrigger) }),
  handle: ({ body }, context) =>
    begun(context, 'tenants.set', {
      kind: 'tenants.set',
      items: body.tenants.map(({ id, described }) => ({ id, ...(described ?? { properties: {} }) })),
    }),
})

const tenantsDelete = defineRoute({
  ...common,
  method: 'post',
  path: '/v1/tenants/bulk/delete',
  summary: 'Delete up to 1,000 tenants',
  query: z.object({ tenant_ids: oneOrSeveral(items(tenantId)) }),
  handle: ({ query }, context) => begun(context, 'tenants.delete', { kind: 'tenants.delete', items: query.tenant_ids }),
})

const getBulk = defineRoute({
  method: 'get',
  path: '/v1/bulk_operations/:id',
  access: 'secret',
  scope: 'read',
  tag,
  summary: 'Get a bulk operation: how far it has come',
  params: z.object({ id: z.uuid() }),
  response: bulkOperation,
  errors: ['resource_missing'],
  async handle({ params }, { store }) {
    const found = await findBulk(store.db, params.id)
    if (found === undefined) throw new ApiError('resource_missing')
    return bulkOperationOf(found)
  },
})

export const bulkRoutes: Route[] = [
  usersIdentify,
  usersDelete,
  ...usersPreferences,
  objectsSet,
  objectsDelete,
  subscriptionsAdd,
  subscriptionsDelete,
  tenantsSet,
  tenantsDelete,
  getBulk,
]
