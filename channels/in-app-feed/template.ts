import { z } from 'zod'
import { object, optional, required } from '../../definitions/fields.ts'
import { button, type Button } from '../button.ts'

/** Every string is Liquid. */
export interface FeedTemplate {
  markdownBody: string
  actionUrl: string | null
  actionButtons: Button[]
  /** Its links lead over ours. Absent: no. */
  linkTracking?: true
}

export const feedTemplate = object({
  markdown_body: required('markdown'),
  action_url: optional('text'),
  action_buttons: z.array(button).max(2, 'an in-app message has at most 2 buttons').nullish(),
}).transform((template) => ({
  markdownBody: template.markdown_body,
  actionUrl: template.action_url,
  actionButtons: template.action_buttons ?? [],
}))

/** `channel_overrides` of an in-app step. */
export const feedOverrides = object({ link_tracking: z.boolean().nullish() })
  .nullish()
  .transform((given) => (given?.link_tracking === true ? { linkTracking: true as const } : {}))
