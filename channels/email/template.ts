import { z } from 'zod'
import type { Library } from '../../definitions/definition.ts'
import type { Remark } from '../../definitions/problem.ts'
import type { JsonPath } from '../../definitions/source.ts'
import { dependent, object, optional, optionalObject, required } from '../../definitions/fields.ts'
import { hasMjml } from './html/mjml-content.ts'
import { mjmlProblem } from './html/mjml-check.ts'
import type { VisualBlock } from './visual-block.ts'
import { visualBlock } from './visual-block-file.ts'

/** Every string is Liquid, but where it says otherwise. */
export interface EmailTemplate {
  subject: string
  body: { html: string } | { visualBlocks: VisualBlock[] }
  textBody: string | null
  /** Where in `data` its attachments stand; not Liquid. */
  attachmentKey: string | null
  /** The layout it stands in; null or absent: none of its own. */
  layoutKey?: string | null
  /** Liquid that runs before the layout, for its assigns. */
  preContent?: string | null
  /** What a list of mails shows beside the subject. Absent: none of its own. */
  previewText?: string
  /** The HTML of its body is MJML: a document, or a part of its layout's. Absent: no. */
  isMjml?: true
  /** Where the step says otherwise than its channel. Absent: nowhere. */
  overrides?: EmailOverrides
  tracking?: Tracking
  /** A JSON object once it is rendered: fields of the provider's own. Absent: none. */
  jsonOverrides?: string
}

/** Liquid; `to`, `cc`, `bcc` and `replyTo` may be lists with commas. */
export interface EmailOverrides {
  from?: string
  fromName?: string
  to?: string
  cc?: string
  bcc?: string
  replyTo?: string
}

/** Whether a step wants to be told of clicks and openings; absent: as its channel has it. */
export interface Tracking {
  links?: boolean
  openings?: boolean
}

const shape = {
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
}
const read = dependent(shape, ({ html_body: html, visual_blocks: blocks, text_body: text }, tell) => {
  const isEmpty = !html && !text && !blocks
  if (isEmpty || (html && blocks && blocks.length > 0))
    tell(['html_body', 'visual_blocks', 'text_body'], ['html_body'], 'an email has either html_body or visual_blocks')
})

export const emailTemplate = read.transform((template, issue) => {
  const { html_body: html, visual_blocks: blocks, text_body: text } = template
  const isMjml = template.is_mjml === true && html !== null && hasMjml(html)
  const wrong = isMjml ? mjmlProblem(html) : null
  if (wrong !== null) issue.addIssue({ code: 'custom', path: ['html_body'], message: wrong })
  // An empty list stands for a body that nobody has written yet: the layout is all there is. Beside a text it says nothing.
  const isText = blocks?.length === 0 && text !== null
  const visualBlocks = html === null && !isText ? blocks : null
  const layoutKey = template.settings?.layout_key?.trim() ? template.settings.layout_key.trim() : null
  return {
    subject: template.subject,
    body: visualBlocks ? { visualBlocks } : { html: html ?? '' },
    textBody: template.text_body,
    attachmentKey: template.settings?.attachment_key ? template.settings.attachment_key : null,
    layoutKey,
    preContent: template.settings?.pre_content ?? null,
    ...(template.settings?.preview_text != null && { previewText: template.settings.preview_text }),
    ...(isMjml && { isMjml }),
    idle: idleIn(template, { isMjml, isStandalone: layoutKey === null && !visualBlocks }),
  }
})

/** What of a template says nothing beside its body; `isStandalone`: no layout is around it. */
function idleIn(
  { html_body: html, is_mjml, settings }: z.output<typeof read>,
  { isMjml, isStandalone }: { isMjml: boolean; isStandalone: boolean },
): Remark[] {
  const idle: Remark[] = []
  if (is_mjml === true && !isMjml)
    idle.push({ at: ['is_mjml'], message: 'is ignored: no html_body of MJML stands beside it' })
  if (isStandalone && settings?.pre_content != null)
    idle.push({ at: ['settings', 'pre_content'], message: 'is ignored: it runs before a layout, and there is none' })
  if (html === null && isStandalone && settings?.preview_text != null)
    idle.push({ at: ['settings', 'preview_text'], message: 'is ignored: a mail of text alone shows none' })
  return idle
}

const address = optional('text')

/** `channel_overrides` of an e-mail step. */
export const emailOverrides = object({
  from_address: address,
  from_name: address,
  to_address: address,
  cc_address: address,
  bcc_address: address,
  reply_to_address: address,
  json_overrides: optionalObject,
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

/** MJML in a layout of HTML. */
export function misplacedMjml(template: EmailTemplate, { layouts }: Library): { at: JsonPath; message: string }[] {
  const layout = layouts?.[template.layoutKey ?? '']
  if (template.isMjml !== true || layout === undefined || layout.isMjml === true) return []
  const message = 'names a layout of HTML: MJML stands in one of MJML, or in none'
  return [{ at: ['settings', 'layout_key'], message }]
}
