import { z } from 'zod'
import { channelTimes } from '../../store/catalog/channel-times.ts'
import { defineRoute } from '../http/define-route.ts'
import { channel } from '../../resources/channel.ts'
import { pageInfo, wholeList } from '../../resources/page.ts'

const getChannels = defineRoute({
  method: 'get',
  path: '/v1/channels',
  access: 'secret',
  scope: 'read',
  tag: 'Channels',
  summary: 'List the channels of channels.json, in one page',
  response: z.object({ entries: z.array(channel), page_info: pageInfo }),
  async handle(_input, { store, catalog }) {
    const times = await channelTimes(store.db)
    const entries = catalog.channels.map(({ id, key, name, type, provider }): z.input<typeof channel> => {
      const { created_at, updated_at } = times.get(key) ?? { created_at: null, updated_at: null }
      return { __typename: 'Channel', id, key, name, type, provider, created_at, updated_at }
    })
    return { entries, page_info: wholeList(entries.length) }
  },
})

export const channelRoutes = [getChannels]
