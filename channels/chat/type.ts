import type { ChannelTypeEntry } from '../channel-type.ts'
import { howMany } from '../how-many.ts'
import { jsonFile, pre } from '../preview-page.ts'
import { remarksOnTexts } from '../remarks.ts'
import { connectionsOf, markdownOf } from './connections.ts'
import { renderChat, type ChatContent } from './content.ts'
import { discord } from './discord.ts'
import { slack } from './slack.ts'
import { teams } from './teams.ts'
import { chatOverrides, chatTemplate, type ChatTemplate } from './template.ts'

declare module '../../definitions/channel-types.ts' {
  interface ChannelTypes {
    chat: { template: ChatTemplate; content: ChatContent }
  }
}

/** A message in a channel of a chat, or to somebody in it. */
export const chat: ChannelTypeEntry<'chat'> = {
  type: 'chat',
  fallback: { key: 'chat', name: 'Chat', provider: null },
  providers: { slack, discord, teams },
  sending: {
    reaches: (message) =>
      howMany(
        connectionsOf(message, () => true, 'anything'),
        'connection',
      ),
    needsChannelData: true,
  },
  template: chatTemplate,
  overrides: chatOverrides,
  inferredFrom: { ref: /^(chat|slack|discord|teams|ms[-_]?teams|whatsapp)/i },
  remarks: ({ summary }) => remarksOnTexts({ summary }),
  render: renderChat,
  preview(ref, content) {
    const text = markdownOf(content)
    return {
      files: { [`${ref}.md`]: `${text}\n`, ...jsonFile(ref, content) },
      shown: pre(text === '' ? JSON.stringify(content.template.json_content, null, 2) : text),
    }
  },
  summary: ({ template: { blocks, json_content: json, summary } }) => ({
    label: 'chat:',
    text: blocks[0]?.content ?? summary ?? JSON.stringify(json),
  }),
  resource: {
    typename: 'MessageChatContent',
    data: (content) => ({ connection: {}, metadata: null, ...content }),
  },
}
