import { z } from 'zod'
import { cancelRecipient } from '../../engine/cancel-many.ts'
import { collectionName, objectId } from '../../resources/ids.ts'
import { idPosition, messagePosition, pageInfo, pageInfoOf, pageQuery, windowOf } from '../../resources/page.ts'
import { object, objectOf } from '../../resources/recipient.ts'
import { message } from '../../resources/message.ts'
import { messageOf } from '../../resources/message-shape.ts'
import { profileRequest } from '../../resources/user.ts'
import { recipientKey } from '../../store/ids/recipient.ts'
import { listMessages } from '../../store/messages/message-list.ts'
import { transaction, type Database } from '../../store/postgres/database.ts'
import { listProfiles } from '../../store/profiles/list-profiles.ts'
import { deleteObject, findObject, upsertObjects, type ObjectReference } from '../../store/profiles/objects.ts'
import { endSchedulesOf } from '../../store/schedules/schedules.ts'
import { offerChanges } from '../../store/waits/offer-events.ts'
import { defineRoute } from '../http/define-route.ts'
import { ApiError } from '../http/errors.ts'
import { Reply } from '../http/route.ts'
import { include, included } from '../requests/include.ts'
import { messageFilterOf, messageQuery } from '../requests/message-query.ts'

const tag = 'Objects'
const params = z.object({ collection: collectionName, id: objectId })

async function existing(db: Database, reference: ObjectReference) {
  const found = await findObject(db, reference)
  if (found === undefined) throw new ApiError('resource_missing')
  return objectOf(recipientKey(reference), found, found.updated_at)
}

const putObject = defineRoute({
  method: 'put',
  path: '/v1/objects/:collection/:id',
  access: 'secret',
  scope: 'admin',
  tag,
  summary: 'Set an object: create, or lay these properties over those there are',
  description: 'Merged at the top level; null clears a property. Channel data and preferences may stand beside them.',
  params,
  body: profileRequest,
  response: object,
  handle: ({ params, body }, { store, now, outbox }) =>
    transaction(store.db, async (tx) => {
      await offerChanges(tx, await upsertObjects(tx, [{ ...params, ...body }]), now(), outbox)
      return existing(tx, params)
    }),
})

const getObject = defineRoute({
  method: 'get',
  path: '/v1/objects/:collection/:id',
  access: 'secret',
  scope: 'read',
  tag,
  summary: 'Get an object',
  params,
  response: object,
  errors: ['resource_missing'],
  handle: ({ params }, { store }) => existing(store.db, params),
})

const removeObject = defineRoute({
  method: 'delete',
  path: '/v1/objects/:collection/:id',
  access: 'secret',
  scope: 'admin',
  tag,
  summary: 'Delete an object, with its subscriptions',
  description:
    'Cancels first what is pending for the object itself; who was told as its subscriber is still told. Its messages stay.',
  params,
  response: z.object({}),
  noContent: 'always',
  errors: ['resource_missing'],
  async handle({ params }, context) {
    const caller = { apiKey: context.apiKey }
    const { status } = await cancelRecipient(context, caller, recipientKey(params), { reason: 'object deleted' })
    const known = await transaction(context.store.db, async (tx) => {
      await endSchedulesOf(tx, [recipientKey(params)], context.now())
      return deleteObject(tx, params)
    })
    void context.signaler.syncSchedules?.()
    if (!known && status === 'nothing_pending') throw new ApiError('resource_missing')
    return new Reply<Record<string, never>>(undefined, { status: 204 })
  },
})

const getObjects = defineRoute({
  method: 'get',
  path: '/v1/objects/:collection',
  access: 'secret',
  scope: 'read',
  tag,
  summary: 'List the objects of a collection, in the order of their ids',
  params: z.object({ collection: collectionName }),
  query: z.object({ include, ...pageQuery(idPosition) }),
  response: z.object({ entries: z.array(object), page_info: pageInfo }),
  async handle({ params: { collection }, query }, { store }) {
    const window = windowOf(query)
    const page = await listProfiles(store.db, { table: 'objects', collection }, window)
    const keyOf = (id: string) => recipientKey({ collection, id })
    const more = await included(
      store.db,
      query.include,
      page.rows.map(({ id }) => keyOf(id)),
    )
    const entries = page.rows.map((row) => ({
      ...objectOf(keyOf(row.id), row, row.updated_at),
      ...more(keyOf(row.id)),
    }))
    return { entries, page_info: pageInfoOf(page, window) }
  },
})

const getObjectMessages = defineRoute({
  method: 'get',
  path: '/v1/objects/:collection/:id/messages',
  access: 'secret',
  scope: 'read',
  tag,
  summary: 'List one object’s messages, newest first',
  params,
  query: messageQuery.extend(pageQuery(messagePosition)),
  response: z.object({ items: z.array(message), page_info: pageInfo }),
  async handle({ params, query }, { store, catalog }) {
    const window = windowOf(query)
    const filter = { ...messageFilterOf(query, catalog), recipient: recipientKey(params) }
    const page = await listMessages(store.db, filter, window)
    return { items: page.rows.map(messageOf), page_info: pageInfoOf(page, window) }
  },
})

export const objectRoutes = [putObject, getObject, removeObject, getObjects, getObjectMessages]
