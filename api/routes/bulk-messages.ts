import { z } from 'zod'
import { beginBulk } from '../../engine/bulk-operations.ts'
import { bulkOperation, bulkOperationOf } from '../../resources/bulk-operation.ts'
import { defineRoute } from '../http/define-route.ts'
import { ApiError } from '../http/errors.ts'
import { findChannel } from '../http/find-channel.ts'
import type { Route } from '../http/route.ts'
import { bulkActions, bulkMessagesRequest, messageChangeOf } from '../requests/bulk-messages.ts'

type Action = keyof typeof bulkActions

const changeMessages = defineRoute({
  method: 'post',
  path: '/v1/channels/:channel/messages/bulk/:action',
  access: 'user',
  scope: 'notify',
  asksWhose: true,
  tag: 'Bulk operations',
  summary: 'Mark the messages of a channel',
  description:
    'Those that every field of the body allows, of everybody unless it names whose; what is made after the call is not meant. `archive` and `delete` archive them. A public key must name whose they are; with a user token they are that user’s.',
  params: z.object({
    channel: z.string().describe('The channel’s id or key'),
    action: z.enum(Object.keys(bulkActions) as [Action, ...Action[]]),
  }),
  body: bulkMessagesRequest,
  response: bulkOperation,
  errors: ['resource_missing'],
  async handle({ params, body }, context) {
    const channel = findChannel(context.catalog, params.channel)
    // One that is no longer in channels.json still has messages.
    const channelId = channel?.id ?? params.channel
    if (!z.uuid().safeParse(channelId).success) {
      throw new ApiError('resource_missing', { message: 'No channel has this id or key' })
    }
    const { caller, apiKey } = context
    const action = bulkActions[params.action]
    const change = messageChangeOf(body, { action, channelId, caller, now: context.now() })
    const name = `messages.${action}`
    return bulkOperationOf(await beginBulk(context, { apiKey }, name, { kind: 'messages', ...change }))
  },
})

export const bulkMessageRoutes: Route[] = [changeMessages]
