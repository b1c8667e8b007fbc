import type { z } from 'zod'
import type { ChatContent } from './content.ts'
import { apiProvider, type Provider } from '../provider.ts'
import { sendTracked } from './tracked-chat.ts'

/** A provider of chats with an HTTP API, which is given messages whose links are tracked already where they are to be. */
export function chatProvider<Schema extends z.ZodType>(
  given: Parameters<typeof apiProvider<ChatContent, Schema>>[0],
): Provider<ChatContent> {
  return apiProvider<ChatContent, Schema>({
    ...given,
    send: (call) => sendTracked(call.message, call.links, (message) => given.send({ ...call, message })),
  })
}
