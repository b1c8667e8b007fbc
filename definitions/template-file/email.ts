import { z } from 'zod'
import type { EmailTemplate } from '../template.ts'
import { object, optional, required } from '../fields.ts'
import { hasMjml } from '../../templates/email/mjml-content.ts'
import { mjmlProblem } from '../../templates/email/mjml-check.ts'
import { visualBlock } from './visual-blocks.ts'

export const emailTemplate = object({
  subject: required('text'),
  html_body: optional('html'),
  visual_blocks: z.array(visualBlock).nullish(),
  text_body: optional('text'),
  is_mjml: z.boolean().nullish(),
  settings: object({
    layout_key: z.string().nullish(),
    attachment_key: z.string().nullish(),
    pre_content: optional('html'),
    preview_text: optional('text'),
  }).nullish(),
}).transform((template, issue) => {
  const { html_body: html, visual_blocks: blocks, text_body: text } = template
  const isEmpty = html === null && text === null && !blocks
  if (isEmpty || (html !== null && blocks && blocks.length > 0))
    issue.addIssue({ code: 'custom', path: ['html_body'], message: 'an email has either html_body or visual_blocks' })
  const isMjml = template.is_mjml === true && html !== null && hasMjml(html)
  const wrong = isMjml ? mjmlProblem(html) : null
  if (wrong !== null) issue.addIssue({ code: 'custom', path: ['html_body'], message: wrong })
  // An empty list stands for a body that nobody has written yet: the layout is all there is.
  const visualBlocks = html === null ? blocks : null
  return {
    subject: template.subject,
    body: visualBlocks ? { visualBlocks } : { html: html ?? '' },
    textBody: template.text_body,
    attachmentKey: template.settings?.attachment_key ? template.settings.attachment_key : null,
    layoutKey: template.settings?.layout_key?.trim() ? template.settings.layout_key.trim() : null,
    preContent: template.settings?.pre_content ?? null,
    ...(template.settings?.preview_text != null && { previewText: template.settings.preview_text }),
    ...(isMjml && { isMjml }),
  }
})

const address = optional('text')

/** `channel_overrides` of an e-mail step. */
export const emailOverrides = object({
  from_address: address,
  from_name: address,
  to_address: address,
  cc_address: address,
  bcc_address: address,
  reply_to_address: address,
  json_overrides: optional('text'),
  link_tracking: z.boolean().nullish(),
  open_tracking: z.boolean().nullish(),
})
  .nullish()
  .transform((given): Pick<EmailTemplate, 'overrides' | 'tracking' | 'jsonOverrides'> => {
    const overrides = {
      from: given?.from_address,
      fromName: given?.from_name,
      to: given?.to_address,
      cc: given?.cc_address,
      bcc: given?.bcc_address,
      replyTo: given?.reply_to_address,
    }
    const set = thoseSet(overrides)
    const tracking = thoseSet({ links: given?.link_tracking, openings: given?.open_tracking })
    const json = given?.json_overrides ?? null
    return {
      ...(set !== null && { overrides: set }),
      ...(tracking !== null && { tracking }),
      ...(json !== null && { jsonOverrides: json }),
    }
  })

/** The fields that say something; null where none does. */
function thoseSet<Value>(fields: Record<string, Value | null | undefined>): Record<string, Value> | null {
  const set = Object.entries(fields).filter(
    (entry): entry is [string, Value] => entry[1] !== null && entry[1] !== undefined,
  )
  return set.length === 0 ? null : Object.fromEntries(set)
}
