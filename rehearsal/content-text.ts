import { channelTypeOf } from '../channels/registry.ts'
import type { ChannelType, ContentOf } from '../definitions/channel-types.ts'
import type { NewMessage } from '../store/messages/new-message.ts'

const LONGEST = 100

/** A message on one line: its type, and its subject or the beginning of what it says. */
export function contentText({ channelType, content }: Pick<NewMessage, 'channelType' | 'content'>): string {
  const { label, text } = channelTypeOf(channelType).summary(content as unknown as ContentOf<ChannelType>)
  return `${label} ${line(text)}`.trim()
}

function line(text: string): string {
  const whole = text.replace(/\s+/g, ' ').trim()
  return whole.length > LONGEST ? `${whole.slice(0, LONGEST).replace(/[\uD800-\uDBFF]$/, '')}…` : whole
}
