import { z } from 'zod'
import { addSubscriptions, removeSubscriptions, MAX_SUBSCRIBERS } from '../../engine/subscriptions.ts'
import { boundedList } from '../../resources/bounded-list.ts'
import { collectionName, objectId, userId } from '../../resources/ids.ts'
import { idPosition, pageInfo, pageInfoOf, pageQuery, windowOf } from '../../resources/page.ts'
import { subscription, subscriptionOf, subscriptionProperties } from '../../resources/subscription.ts'
import { transaction, type Database } from '../../store/postgres/database.ts'
import { fitting } from '../../store/profiles/fitting.ts'
import { loadProfiles } from '../../store/profiles/recipients.ts'
import {
  listSubscriptions,
  sidesOf,
  type SubscriptionList,
  type SubscriptionRow,
} from '../../store/profiles/subscriptions.ts'
import { defineRoute } from '../http/define-route.ts'
import { invalid } from '../http/errors.ts'
import { include, included } from '../requests/include.ts'
import { recipientReferenceRequest, recipientRequest } from '../../engine/recipient-request.ts'
import { references } from '../requests/references.ts'

const tag = 'Subscriptions'
const params = z.object({ collection: collectionName, id: objectId })
const page = z.object({ entries: z.array(subscription), page_info: pageInfo })

const bounds = {
  min: 1,
  max: MAX_SUBSCRIBERS,
  tooFew: 'must name at least one recipient',
  tooMany: `names more than ${MAX_SUBSCRIBERS.toLocaleString('en')}`,
}

/** Beyond 8 MB of profiles, both sides are named by their ids alone. */
async function shown(db: Database, rows: readonly SubscriptionRow[], include: 'preferences'[] | undefined) {
  const fit = new Set(await fitting(db, rows, sidesOf))
  const profiles = await loadProfiles(db, [...new Set([...fit].flatMap(sidesOf))])
  const more = await included(
    db,
    include,
    rows.map(({ recipient }) => recipient),
  )
  return rows.map((row) => {
    const plain = subscriptionOf(row, (key) => (fit.has(row) && profiles.get(key)) || null)
    return { ...plain, recipient: { ...plain.recipient, ...more(row.recipient) } }
  })
}

const add = defineRoute({
  method: 'post',
  path: '/v1/objects/:collection/:id/subscriptions',
  access: 'secret',
  scope: 'admin',
  tag,
  summary: 'Subscribe recipients to an object',
  description:
    'From then on a trigger for the object reaches them, too. Who is subscribed already gets the properties given. Recipients may be described, and are stored first; the object is created if it is not there. Beyond 8 MB of properties the answer names the rest by their ids alone.',
  params,
  body: z.object({
    recipients: boundedList(recipientRequest, bounds),
    properties: subscriptionProperties.nullish().describe('What templates see as recipient.subscription'),
  }),
  largeBody: true,
  response: z.array(subscription),
  handle: ({ params, body }, context) =>
    transaction(context.store.db, async (tx) => {
      const { recipients, properties } = body
      const given = [{ object: params, recipients, properties: properties === null ? {} : properties }]
      return shown(tx, await addSubscriptions(tx, given, context), undefined)
    }),
})

const remove = defineRoute({
  method: 'delete',
  path: '/v1/objects/:collection/:id/subscriptions',
  access: 'secret',
  scope: 'admin',
  tag,
  summary: 'Unsubscribe recipients from an object',
  description:
    'The recipients stand in the body, or up to 100 of them in the query. Answers the subscriptions that were; who had none is left out.',
  params,
  query: z.object({ recipients: references }),
  body: z.object({ recipients: boundedList(recipientReferenceRequest, bounds).optional() }),
  response: z.array(subscription),
  handle: ({ params, query, body }, { store }) =>
    transaction(store.db, async (tx) => {
      const recipients = body.recipients ?? query.recipients ?? []
      if (recipients.length === 0) throw invalid('recipients', bounds.tooFew, 'required')
      const pairs = recipients.map((recipient) => ({ object: params, recipient }))
      return shown(tx, await removeSubscriptions(tx, pairs), undefined)
    }),
})

const ofObject = defineRoute({
  method: 'get',
  path: '/v1/objects/:collection/:id/subscriptions',
  access: 'secret',
  scope: 'read',
  tag,
  summary: 'List who subscribes to an object, or with mode=recipient what the object subscribes to',
  params,
  query: z.object({
    mode: z.enum(['object', 'recipient']).default('object'),
    recipients: references.describe('Of mode object: only these'),
    objects: references.describe('Of mode recipient: only these'),
    include,
    ...pageQuery(idPosition),
  }),
  response: page,
  async handle({ params, query }, { store }) {
    const { mode, recipients, objects } = query
    const list: SubscriptionList =
      mode === 'object' ? { of: 'object', object: params, recipients } : { of: 'recipient', recipient: params, objects }
    return answer(store.db, list, query)
  },
})

const ofUser = defineRoute({
  method: 'get',
  path: '/v1/users/:id/subscriptions',
  access: 'secret',
  scope: 'read',
  tag,
  summary: 'List what a user subscribes to',
  params: z.object({ id: userId }),
  query: z.object({ objects: references.describe('Only these'), include, ...pageQuery(idPosition) }),
  response: page,
  handle: ({ params, query }, { store }) =>
    answer(store.db, { of: 'recipient', recipient: params.id, objects: query.objects }, query),
})

async function answer(
  db: Database,
  list: SubscriptionList,
  query: Parameters<typeof windowOf>[0] & { include?: 'preferences'[] | undefined },
) {
  const window = windowOf(query)
  const found = await listSubscriptions(db, list, window)
  return { entries: await shown(db, found.rows, query.include), page_info: pageInfoOf(found, window) }
}

export const subscriptionRoutes = [add, remove, ofObject, ofUser]
