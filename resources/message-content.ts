import { z } from 'zod'
import { channelTypeOf, channelTypes } from '../channels/registry.ts'
import type { ContentRow } from '../store/messages/message-contents.ts'

/** Knock's in the order in which its document has them. */
const order = ['InAppFeed', 'Email', 'Sms', 'Push', 'Chat', 'Http'].map((type) => `Message${type}Content`)
/** Typed SDKs of Knock tell the types apart by it. */
const typenames = [...new Set([...order, ...Object.values(channelTypes).map(({ resource }) => resource.typename)])]

export const messageContent = z
  .object({
    __typename: z.literal('MessageContent'),
    message_id: z.string(),
    inserted_at: z.string(),
    data: z
      .looseObject({
        __typename: z.enum(typenames),
      })
      .describe('As its channel type has it: blocks; subject_line, html_body, ...'),
  })
  .meta({ id: 'MessageContent' })

/** What a message says, in the shape of its channel type. */
export function contentOf({ id, channel_type, content, inserted_at }: ContentRow): z.input<typeof messageContent> {
  const { resource } = channelTypeOf(channel_type)
  const data = { __typename: resource.typename, ...resource.data(content) }
  return { __typename: 'MessageContent', message_id: id, inserted_at, data }
}
