import { z } from 'zod'
import type { Database } from '../../store/postgres/database.ts'
import { traceOfMessage } from '../../store/messages/message-events.ts'
import { listActivities } from '../../store/messages/activities.ts'
import { deliveryLogsOf } from '../../store/messages/delivery-logs.ts'
import { findContents } from '../../store/messages/message-contents.ts'
import { findMessages, listMessages, messageIdOf, type MessageRow } from '../../store/messages/message-list.ts'
import { loadProfiles } from '../../store/profiles/recipients.ts'
import { activity, activityOf } from '../../resources/activity.ts'
import { deliveryLog, deliveryLogsShown } from '../../resources/delivery-log.ts'
import { messageOf } from '../../resources/message-shape.ts'
import { defineRoute } from '../http/define-route.ts'
import { ApiError, invalid } from '../http/errors.ts'
import { ownMessages } from '../http/own-messages.ts'
import { eventPage, eventPageQuery } from '../http/event-page.ts'
import { eventsOfMessage, messageEvent } from '../../resources/message-event.ts'
import { several, triggerData } from '../requests/filters.ts'
import { messageFilterOf, messageQuery } from '../requests/message-query.ts'
import { message } from '../../resources/message.ts'
import { contentOf, messageContent } from '../../resources/message-content.ts'
import { pageInfo, pageInfoOf, pageQuery, rowPosition, windowOf } from '../../resources/page.ts'
import { userId } from '../../resources/ids.ts'

const tag = 'Messages'
const params = z.object({ id: z.string() })
const list = z.object({ items: z.array(message), page_info: pageInfo })

async function existing(db: Database, id: string): Promise<MessageRow> {
  const [row] = await findMessages(db, [id])
  if (row === undefined) throw new ApiError('resource_missing')
  return row
}

const getMessages = defineRoute({
  method: 'get',
  path: '/v1/messages',
  access: 'secret',
  scope: 'read',
  tag,
  summary: 'List messages, newest first',
  query: messageQuery,
  response: list,
  async handle({ query }, { store, catalog }) {
    const window = windowOf(query)
    const page = await listMessages(store.db, messageFilterOf(query, catalog), window)
    return { items: page.rows.map(messageOf), page_info: pageInfoOf(page, window) }
  },
})

const getUserMessages = defineRoute({
  method: 'get',
  path: '/v1/users/:user_id/messages',
  access: 'secret',
  scope: 'read',
  tag,
  summary: 'List one user’s messages, newest first',
  params: z.object({ user_id: userId }),
  query: messageQuery,
  response: list,
  async handle({ params, query }, { store, catalog }) {
    const window = windowOf(query)
    const filter = { ...messageFilterOf(query, catalog), recipient: params.user_id }
    const page = await listMessages(store.db, filter, window)
    return { items: page.rows.map(messageOf), page_info: pageInfoOf(page, window) }
  },
})

const getMessage = defineRoute({
  method: 'get',
  path: '/v1/messages/:id',
  access: 'user',
  scope: 'read',
  asksWhose: true,
  tag,
  summary: 'Get a message',
  params,
  response: message,
  errors: ['resource_missing'],
  async handle({ params }, context) {
    const [id] = await ownMessages(context, [params.id], 'read')
    return messageOf(await existing(context.store.db, id ?? ''))
  },
})

const getContent = defineRoute({
  method: 'get',
  path: '/v1/messages/:id/content',
  access: 'secret',
  scope: 'read',
  tag,
  summary: 'Get what a message says, as rendered',
  params,
  response: messageContent,
  errors: ['resource_missing'],
  async handle({ params }, { store }) {
    const [found] = (await findContents(store.db, [params.id])) ?? []
    if (found === undefined) throw new ApiError('resource_missing')
    return contentOf(found)
  },
})

const getContents = defineRoute({
  method: 'get',
  path: '/v1/messages/batch/content',
  access: 'secret',
  scope: 'read',
  tag,
  summary: 'Get what up to 50 messages say, in the order of the ids',
  description: 'What is no message is left out. Contents of more than 8 MB together are refused.',
  query: z.object({ message_ids: several(z.string(), 50) }),
  response: z.array(messageContent),
  async handle({ query }, { store }) {
    if (query.message_ids === undefined) throw invalid('message_ids', 'must be there', 'required')
    const found = await findContents(store.db, query.message_ids)
    if (found === null) throw invalid('message_ids', 'say more than 8 MB together: ask for fewer', 'length')
    return found.map(contentOf)
  },
})

const getActivities = defineRoute({
  method: 'get',
  path: '/v1/messages/:id/activities',
  access: 'secret',
  scope: 'read',
  tag,
  summary: 'List what a message tells of, oldest first: of a batch each of its activities',
  params,
  query: z.object({
    trigger_data: triggerData.optional(),
    ...pageQuery(rowPosition),
  }),
  response: z.object({ items: z.array(activity), page_info: pageInfo }),
  errors: ['resource_missing'],
  async handle({ params, query }, { store }) {
    const row = await existing(store.db, params.id)
    const window = windowOf(query)
    const page = await listActivities(store.db, row, query.trigger_data, window)
    const people = [row.recipient, ...page.rows.flatMap(({ actor }) => actor ?? [])]
    const profiles = await loadProfiles(store.db, [...new Set(people)])
    const items = page.rows.map((each) => activityOf(row, each, (key) => profiles.get(key) ?? null))
    return { items, page_info: pageInfoOf(page, window) }
  },
})

const getDeliveryLogs = defineRoute({
  method: 'get',
  path: '/v1/messages/:id/delivery_logs',
  access: 'secret',
  scope: 'read',
  tag,
  summary: 'List the requests to its provider that a message made, oldest first',
  description: 'Kept for 30 days. An in-app message makes none.',
  params,
  query: eventPageQuery,
  response: z.object({ items: z.array(deliveryLog), page_info: pageInfo }),
  errors: ['resource_missing'],
  async handle({ params, query }, { store }) {
    const row = await existing(store.db, params.id)
    const tries = await deliveryLogsOf(store.db, { recipientRunId: row.recipient_run_id, number: row.number })
    return eventPage(deliveryLogsShown(messageIdOf(row), tries), windowOf(query))
  },
})

const getEvents = defineRoute({
  method: 'get',
  path: '/v1/messages/:id/events',
  access: 'secret',
  scope: 'read',
  tag,
  summary: 'List what happened to a message, oldest first',
  params,
  query: eventPageQuery,
  response: z.object({ items: z.array(messageEvent), page_info: pageInfo }),
  errors: ['resource_missing'],
  async handle({ params, query }, { store }) {
    const row = await existing(store.db, params.id)
    const trace = await traceOfMessage(store.db, { recipientRunId: row.recipient_run_id, number: row.number })
    return eventPage(eventsOfMessage(row, trace), windowOf(query))
  },
})

export const messageRoutes = [
  getMessages,
  getContents,
  getMessage,
  getContent,
  getActivities,
  getEvents,
  getDeliveryLogs,
  getUserMessages,
]
