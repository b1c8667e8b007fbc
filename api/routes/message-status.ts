import { z } from 'zod'
import { engage, engagementActions, type EngagementAction } from '../../store/messages/engagement.ts'
import { messageOf } from '../../resources/message-shape.ts'
import type { JsonObject } from '../../store/schema/index.ts'
import { defineRoute } from '../http/define-route.ts'
import { ApiError } from '../http/errors.ts'
import { ownMessages } from '../http/own-messages.ts'
import type { Context, Route } from '../http/route.ts'
import { boundedList } from '../../resources/bounded-list.ts'
import { jsonObject } from '../../resources/json-object.ts'
import { message } from '../../resources/message.ts'

const MAX_BATCH = 1_000
const MAX_METADATA_FIELDS = 5

const tag = 'Messages'
const params = z.object({ id: z.string() })

const metadata = jsonObject
  .superRefine((fields, context) => {
    const entries = Object.entries(fields)
    const fault = (message: string, type: string, path: string[] = []) =>
      context.addIssue({ code: 'custom', path, message, params: { type } })
    if (entries.length > MAX_METADATA_FIELDS) fault(`must have at most ${MAX_METADATA_FIELDS} fields`, 'length')
    else {
      for (const [name, value] of entries)
        if (typeof value === 'object' && value !== null) fault('must be a text, a number or a boolean', 'cast', [name])
    }
  })
  .meta({ maxProperties: MAX_METADATA_FIELDS, additionalProperties: { type: ['string', 'number', 'boolean', 'null'] } })
  .nullable()
  .optional()

/** Answers the message as it is then; to repeat it changes nothing. */
async function engageOne(id: string, action: EngagementAction, context: Context, metadata?: JsonObject) {
  const { store, now, outbox } = context
  const [row] = await engage(
    store.db,
    await ownMessages(context, [id], 'write'),
    action,
    { now: now(), metadata },
    outbox,
  )
  if (row === undefined) throw new ApiError('resource_missing')
  return messageOf(row)
}

function statusRoute(method: 'put' | 'delete', status: string, action: EngagementAction, summary: string): Route {
  return defineRoute({
    method,
    path: `/v1/messages/:id/${status}`,
    access: 'user',
    scope: 'notify',
    asksWhose: true,
    tag,
    summary,
    params,
    response: message,
    errors: ['resource_missing'],
    handle: ({ params }, context) => engageOne(params.id, action, context),
  })
}

const interacted = defineRoute({
  method: 'put',
  path: '/v1/messages/:id/interacted',
  access: 'user',
  scope: 'notify',
  asksWhose: true,
  tag,
  summary: 'Record an interaction with a message; it counts as seen and read',
  params,
  body: z.object({ metadata }),
  response: message,
  errors: ['resource_missing'],
  handle: ({ params, body }, context) => engageOne(params.id, 'interacted', context, body.metadata ?? undefined),
})

function batchRoute(action: EngagementAction): Route {
  return defineRoute({
    method: 'post',
    path: `/v1/messages/batch/${action}`,
    access: 'user',
    scope: 'notify',
    asksWhose: true,
    tag,
    summary: `Mark messages as ${action}`,
    description: 'Answers the messages as they are then, in the order of the ids; what is no message is left out.',
    body: z.object({
      message_ids: boundedList(z.string(), {
        min: 1,
        max: MAX_BATCH,
        tooFew: 'names no message',
        tooMany: `names more than ${MAX_BATCH}`,
      }),
      metadata,
    }),
    response: z.array(message),
    async handle({ body }, context) {
      const { store, now, outbox } = context
      const options = { now: now(), metadata: body.metadata ?? undefined }
      const ids = await ownMessages(context, body.message_ids, 'write')
      const rows = await engage(store.db, ids, action, options, outbox)
      return rows.map(messageOf)
    },
  })
}

/** What some clients spell as a status of its own, under DELETE or PUT: it means the same under either. */
const takenBack = [
  ['unseen', 'Mark a message as not seen'],
  ['unread', 'Mark a message as not read'],
  ['unarchived', 'Take a message out of the archive'],
] as const

export const messageStatusRoutes: Route[] = [
  statusRoute('put', 'seen', 'seen', 'Mark a message as seen'),
  statusRoute('delete', 'seen', 'unseen', 'Mark a message as not seen'),
  statusRoute('put', 'read', 'read', 'Mark a message as read, and so as seen'),
  statusRoute('delete', 'read', 'unread', 'Mark a message as not read'),
  statusRoute('put', 'archived', 'archived', 'Archive a message: feeds leave it out'),
  statusRoute('delete', 'archived', 'unarchived', 'Take a message out of the archive'),
  ...takenBack.flatMap(([status, summary]) => [
    statusRoute('delete', status, status, summary),
    statusRoute('put', status, status, summary),
  ]),
  interacted,
  ...engagementActions.map(batchRoute),
]
