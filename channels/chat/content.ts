import type { JsonObject } from '../../store/schema/index.ts'
import type { Filler } from '../../templates/filler.ts'
import type { ChatTemplate } from './template.ts'

/** `content` is Markdown in which nothing of a value is markup. With `json_content` that is sent, and the blocks are not. */
export interface ChatContent {
  template: {
    blocks: { name: 'body'; type: 'markdown'; content: string }[]
    json_content: JsonObject | null
    /** What a notification of the message says. */
    summary: string | null
  }
  /** A recipient whom channel data does not name is not looked up by e-mail. Absent: is. */
  email_based_user_id_resolution?: false
  /** The links of its Markdown lead over ours, which tell of clicks. Absent: no. */
  link_tracking?: true
}

/** Throws a TemplateError. */
export function renderChat(template: ChatTemplate, fill: Filler): ChatContent {
  const content = fill.text('markdown_body', template.markdownBody, 'markdown_source').trim()
  return {
    template: {
      blocks: content === '' ? [] : [{ name: 'body', type: 'markdown', content }],
      json_content: fill.json('json_body', template.jsonBody),
      summary: template.summary === null ? null : fill.line('summary', template.summary),
    },
    ...(template.namedOnly === true && { email_based_user_id_resolution: false }),
    ...(template.linkTracking === true && { link_tracking: true }),
  }
}
