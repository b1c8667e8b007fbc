import type { NewMessage } from '../store/messages/new-message.ts'
import type { Rendered } from '../templates/content.ts'

const LONGEST = 100

/** A message on one line: its type, and its subject or the beginning of what it says. */
export function contentText(message: Pick<NewMessage, 'channelType' | 'content'>): string {
  return textOf(message).trim()
}

function textOf({ channelType, content }: Pick<NewMessage, 'channelType' | 'content'>): string {
  const rendered = { channelType, content } as unknown as Rendered
  switch (rendered.channelType) {
    case 'in_app_feed': {
      const body = rendered.content.blocks.find((block) => block.name === 'body')
      return `in-app: ${line(body?.content ?? '')}`
    }
    case 'email':
      return `email: ${line(rendered.content.subject_line)}`
    case 'http':
      return `http: ${rendered.content.method.toUpperCase()} ${line(rendered.content.url)}`
    case 'sms':
      return `sms: ${line(rendered.content.body)}`
    case 'push': {
      const { title, body, delivery_type: type } = rendered.content
      const shown = line([title, body].filter((text) => text !== '').join(': '))
      return type === 'silent' ? `push, silent: ${shown}` : `push: ${shown}`
    }
    case 'chat': {
      const { blocks, json_content: json, summary } = rendered.content.template
      return `chat: ${line(blocks[0]?.content ?? summary ?? JSON.stringify(json))}`
    }
  }
}

function line(text: string): string {
  const whole = text.replace(/\s+/g, ' ').trim()
  return whole.length > LONGEST ? `${whole.slice(0, LONGEST).replace(/[\uD800-\uDBFF]$/, '')}…` : whole
}
