import { z } from 'zod'
import type { ChatContent } from './content.ts'
import { listOf } from '../list-of.ts'
import { NotSent, type Outgoing } from '../sender.ts'

/** Where a recipient is reached in a chat, as Knock has it in channel data. */
export interface Connection {
  access_token?: string | undefined
  channel_id?: string | undefined
  user_id?: string | undefined
  incoming_webhook?: { url: string } | undefined
}

const id = z.string().min(1).max(1_000).optional()
const connection = z.object({
  access_token: id,
  channel_id: id,
  user_id: id,
  incoming_webhook: z.object({ url: z.url({ protocol: /^https?$/ }) }).optional(),
})

const MOST = 20

/** All connections in channel data that can be read. */
export function listedConnections(channelData: Record<string, unknown> | undefined): Connection[] {
  return listOf(channelData?.['connections']).flatMap((each) => connection.safeParse(each).data ?? [])
}

/** The recipient's `connections` in their channel data that can be used, 20 at most. Throws NotSent. */
export function connectionsOf(
  { recipient }: Outgoing<ChatContent>,
  usable: (connection: Connection) => boolean,
  needs: string,
): Connection[] {
  const found = listedConnections(recipient.channelData).filter(usable)
  if (found.length === 0) throw new NotSent(`the recipient has no connection with ${needs} in their channel data`)
  return found.slice(0, MOST)
}

/** What the template says, as Markdown. */
export function markdownOf({ template }: ChatContent): string {
  return template.blocks.map(({ content }) => content).join('\n\n')
}
