import { z } from 'zod'
import { dependent, ignored, object, optional, optionalObject } from '../../definitions/fields.ts'

/** Every string is Liquid. Has a jsonBody or a markdownBody that is not empty. */
export interface ChatTemplate {
  markdownBody: string
  /** A JSON object once it is rendered, in the provider's own shape. */
  jsonBody: string | null
  summary: string | null
  /** Whom channel data does not name is not looked up by e-mail. Absent: is. */
  namedOnly?: true
  /** The links of its Markdown lead over ours. Absent: no. */
  linkTracking?: true
}

const shape = { markdown_body: optional('markdown'), json_body: optionalObject, summary: optional('text') }
const read = dependent(shape, ({ markdown_body, json_body }, tell) => {
  if (!markdown_body && !json_body)
    tell(['markdown_body', 'json_body'], ['markdown_body'], 'must not be empty where there is no json_body')
})

export const chatTemplate = read.transform(({ markdown_body, json_body, summary }) => ({
  markdownBody: markdown_body ?? '',
  jsonBody: json_body,
  summary,
  ...(markdown_body &&
    json_body && { idle: [{ at: ['markdown_body'], message: 'is ignored: the json_body beside it is what is sent' }] }),
}))

/** `channel_overrides` of a chat step. */
export const chatOverrides = object({
  email_based_user_id_resolution: z.boolean().nullish(),
  link_tracking: z.boolean().nullish(),
  link_tracking_uses_short_links: ignored,
})
  .nullish()
  .transform((given) => ({
    ...(given?.email_based_user_id_resolution === false && { namedOnly: true as const }),
    ...(given?.link_tracking === true && { linkTracking: true as const }),
  }))
