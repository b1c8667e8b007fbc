import { z } from 'zod'
import type { ChannelType } from '../definitions/step.ts'
import type { ContentRow } from '../store/messages/message-contents.ts'
import type { JsonObject } from '../store/schema/index.ts'

export const messageContent = z
  .object({
    __typename: z.literal('MessageContent'),
    message_id: z.string(),
    inserted_at: z.string(),
    data: z
      .looseObject({
        __typename: z.enum([
          'MessageInAppFeedContent',
          'MessageEmailContent',
          'MessageSmsContent',
          'MessagePushContent',
          'MessageChatContent',
          'MessageHttpContent',
        ]),
      })
      .describe('As its channel type has it: blocks; subject_line, html_body, ...'),
  })
  .meta({ id: 'MessageContent' })

type Data = z.input<typeof messageContent>['data']

/**
 * What clients of Knock require of each type of content stands there, whatever the message has: their typed SDKs tell the
 * types apart by it. An address is empty until it is known, at the send.
 */
const dataOf: Record<ChannelType, (content: JsonObject) => Data> = {
  in_app_feed: (content) => ({ __typename: 'MessageInAppFeedContent', blocks: [], ...content }),
  email: (content) => ({
    __typename: 'MessageEmailContent',
    cc: null,
    bcc: null,
    reply_to: null,
    ...content,
    ...texts(content, 'from', 'to', 'subject_line', 'html_body', 'text_body'),
  }),
  sms: (content) => ({ __typename: 'MessageSmsContent', ...content, ...texts(content, 'to', 'body') }),
  push: (content) => ({
    __typename: 'MessagePushContent',
    data: content['payload_overrides'] ?? null,
    ...content,
    ...texts(content, 'token', 'title', 'body'),
  }),
  chat: (content) => ({ __typename: 'MessageChatContent', connection: {}, metadata: null, ...content }),
  http: (content) => ({ __typename: 'MessageHttpContent', ...content }),
}

function texts(content: JsonObject, ...names: string[]): JsonObject {
  return Object.fromEntries(names.map((name) => [name, content[name] ?? '']))
}

export function contentOf({ id, channel_type, content, inserted_at }: ContentRow): z.input<typeof messageContent> {
  return { __typename: 'MessageContent', message_id: id, inserted_at, data: dataOf[channel_type](content) }
}
