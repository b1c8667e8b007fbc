import { z } from 'zod'
import type { Database } from '../../store/postgres/database.ts'
import { traceOfMessage } from '../../store/messages/message-events.ts'
import { findContent, findMessages, listMessages, type MessageRow } from '../../store/messages/message-list.ts'
import { messageOf } from '../../resources/message-shape.ts'
import { defineRoute } from '../http/define-route.ts'
import { ApiError } from '../http/errors.ts'
import { ownMessages } from '../http/own-messages.ts'
import { eventPage, eventPageQuery } from '../http/event-page.ts'
import { eventsOfMessage, messageEvent } from '../../resources/message-event.ts'
import { messageFilterOf, messageQuery } from '../requests/message-query.ts'
import { contentOf, message, messageContent } from '../../resources/message.ts'
import { pageInfo, pageInfoOf, windowOf } from '../../resources/page.ts'
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
  tag,
  summary: 'Get what a message says, as rendered',
  params,
  response: messageContent,
  errors: ['resource_missing'],
  async handle({ params }, { store }) {
    const row = await existing(store.db, params.id)
    return contentOf(row, await findContent(store.db, row))
  },
})

const getEvents = defineRoute({
  method: 'get',
  path: '/v1/messages/:id/events',
  access: 'secret',
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

export const messageRoutes = [getMessages, getMessage, getContent, getEvents, getUserMessages]
