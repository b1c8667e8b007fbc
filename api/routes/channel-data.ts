import { z } from 'zod'
import { channelData, channelDataFields, channelDataOf, channelId } from '../../resources/channel-data.ts'
import { collectionName, objectId, userId } from '../../resources/ids.ts'
import type { RecipientReference } from '../../store/ids/recipient.ts'
import { deleteChannelData, findChannelData, putChannelData } from '../../store/profiles/channel-data.ts'
import { defineRoute } from '../http/define-route.ts'
import { ApiError } from '../http/errors.ts'
import { Reply, type Route } from '../http/route.ts'

const tag = 'Channel data'

/** The three calls for a kind of recipient: users and objects differ in how a path names them. */
function routesOf<Params extends z.ZodObject>(
  what: string,
  path: string,
  params: Params,
  recipientOf: (params: z.output<Params>) => RecipientReference,
): Route[] {
  const all = params.extend({ channel_id: channelId })
  const named = (given: unknown) => {
    const { channel_id: id } = given as { channel_id: string }
    return { recipient: recipientOf(given as z.output<Params>), id }
  }
  const full = `${path}/channel_data/:channel_id`
  return [
    defineRoute({
      method: 'put',
      path: full,
      access: 'user',
      scope: 'admin',
      tag,
      summary: `Set the channel data of ${what}`,
      description: 'Replaces what was known: tokens or devices of a push channel, connections of a chat channel.',
      params: all,
      body: z.object({ data: channelDataFields }),
      response: channelData,
      async handle({ params, body }, { store }) {
        const { recipient, id } = named(params)
        await putChannelData(store.db, [{ recipient, channels: { [id]: body.data } }])
        return channelDataOf(id, body.data)
      },
    }),
    defineRoute({
      method: 'get',
      path: full,
      access: 'user',
      scope: 'read',
      tag,
      summary: `Get the channel data of ${what}`,
      params: all,
      response: channelData,
      errors: ['resource_missing'],
      async handle({ params }, { store }) {
        const { recipient, id } = named(params)
        const data = await findChannelData(store.db, recipient, id)
        if (data === undefined) throw new ApiError('resource_missing')
        return channelDataOf(id, data)
      },
    }),
    defineRoute({
      method: 'delete',
      path: full,
      access: 'user',
      scope: 'admin',
      tag,
      summary: `Remove the channel data of ${what}`,
      params: all,
      response: z.object({}),
      noContent: 'always',
      errors: ['resource_missing'],
      async handle({ params }, { store }) {
        const { recipient, id } = named(params)
        if (!(await deleteChannelData(store.db, recipient, id))) throw new ApiError('resource_missing')
        return new Reply<Record<string, never>>(undefined, { status: 204 })
      },
    }),
  ]
}

export const channelDataRoutes = [
  ...routesOf('a user', '/v1/users/:id', z.object({ id: userId }), ({ id }) => id),
  ...routesOf(
    'an object',
    '/v1/objects/:collection/:id',
    z.object({ collection: collectionName, id: objectId }),
    ({ collection, id }) => ({ collection, id }),
  ),
]
