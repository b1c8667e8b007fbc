import { z } from 'zod'
import { httpMethods, type EmailTemplate } from './definition.ts'
import { ignored, liquid, notOneOf, object, oneOf, optional, required } from './fields.ts'
import { hasMjml } from '../templates/email/mjml-content.ts'
import { mjmlProblem } from '../templates/email/mjml-check.ts'
import { isHeaderName, isReservedHeader } from '../channels/http/http-headers.ts'

const button = object({ label: required('text'), action: required('text') })

export const feedTemplate = object({
  markdown_body: required('markdown'),
  action_url: optional('text'),
  action_buttons: z.array(button).max(2, 'an in-app message has at most 2 buttons').nullish(),
}).transform((template) => ({
  markdownBody: template.markdown_body,
  actionUrl: template.action_url,
  actionButtons: template.action_buttons ?? [],
}))

const pixels = z.number().min(0).max(1_000).nullish()

/** `layout_attrs`: what else stands there decorates Knock's editor. */
const layoutAttrs = z
  .looseObject({
    padding_top: pixels,
    padding_right: pixels,
    padding_bottom: pixels,
    padding_left: pixels,
    horizontal_align: oneOf(['left', 'center', 'right']),
    column_gap: pixels,
  })
  .nullish()

const edgesOf = (attrs: z.output<typeof layoutAttrs>) => ({
  top: attrs?.padding_top ?? 8,
  right: attrs?.padding_right ?? 4,
  bottom: attrs?.padding_bottom ?? 8,
  left: attrs?.padding_left ?? 4,
  align: attrs?.horizontal_align ?? null,
})

/** What keeps a value from leaving the style it stands in: no quote, no semicolon, no bracket. */
const color = z
  .string()
  .regex(/^(?:|#[0-9a-fA-F]{3,8}|[a-zA-Z_]{1,60}|rgba?\([0-9., %]{1,60}\))$/, 'must be a colour such as #18181b')
  .nullish()
  .transform((given) => (given ? given : null))

const emailButton = object({
  ...button.shape,
  id: ignored,
  version: ignored,
  variant: oneOf(['solid', 'outline']),
  layout_attrs: ignored,
  size_attrs: z.looseObject({ size: oneOf(['sm', 'md', 'lg']), is_fullwidth: z.boolean().nullish() }).nullish(),
  style_attrs: z
    .looseObject({
      background_color: color,
      text_color: color,
      border_color: color,
      border_width: pixels,
      border_radius: pixels,
    })
    .nullish(),
}).transform(({ label, action, variant, size_attrs: size, style_attrs: style }) => ({
  label,
  action,
  look: {
    variant: variant ?? ('solid' as const),
    size: size?.size ?? ('md' as const),
    fullWidth: size?.is_fullwidth ?? false,
    backgroundColor: style?.background_color ?? null,
    textColor: style?.text_color ?? null,
    borderColor: style?.border_color ?? null,
    borderWidth: style?.border_width ?? null,
    radius: style?.border_radius ?? 6,
  },
}))

const decoration = { id: ignored, version: ignored, variant: ignored, name: ignored, style_attrs: ignored }
const block = { ...decoration, layout_attrs: layoutAttrs }

const simpleBlock = [
  object({ type: z.literal('markdown'), content: liquid('markdown'), ...block }).transform(
    ({ type, content, layout_attrs }) => ({ type, content, edges: edgesOf(layout_attrs) }),
  ),
  object({ type: z.literal('html'), content: liquid('html'), ...block }).transform(
    ({ type, content, layout_attrs }) => ({ type, content, edges: edgesOf(layout_attrs) }),
  ),
  object({ type: z.literal('button_set'), buttons: z.array(emailButton), ...block }).transform(
    ({ type, buttons, layout_attrs }) => ({
      type,
      buttons,
      gap: layout_attrs?.column_gap ?? 8,
      edges: edgesOf(layout_attrs),
    }),
  ),
  object({ type: z.literal('divider'), ...block }).transform(({ type, layout_attrs }) => ({
    type,
    edges: edgesOf(layout_attrs),
  })),
  object({
    ...block,
    type: z.literal('image'),
    url: required('text'),
    alt: z.string().nullish(),
    action: optional('text'),
    style_attrs: z
      .looseObject({
        width: z
          .string()
          .regex(/^(?:\d{1,4}(?:px|%))?$/, 'must be a width such as 100% or 320px')
          .nullish(),
      })
      .nullish(),
  }).transform(({ type, url, alt, action, style_attrs, layout_attrs }) => ({
    type,
    url,
    alt: alt ?? '',
    action,
    width: style_attrs?.width ? style_attrs.width : null,
    edges: edgesOf(layout_attrs),
  })),
  object({
    ...block,
    type: z.literal('partial'),
    key: z.string().regex(/^[A-Za-z0-9_-]{1,255}$/, 'must be the key of a partial'),
    attrs: z.record(z.string().regex(/^[A-Za-z_]\w*$/), z.union([liquid('text'), z.number(), z.boolean()])).nullish(),
  }).transform(({ type, key, attrs }) => ({
    type,
    key,
    attrs: Object.fromEntries(Object.entries(attrs ?? {}).map(([name, value]) => [name, String(value)])),
  })),
] as const

const blockTypes = ['markdown', 'html', 'button_set', 'divider', 'image', 'partial']
const columnBlock = z.discriminatedUnion('type', simpleBlock, {
  error: (issue) => notOneOf('block', issue.input, 'type', blockTypes),
})

const visualBlock = z.discriminatedUnion(
  'type',
  [
    ...simpleBlock,
    object({
      ...block,
      type: z.literal('row'),
      columns: z
        .array(z.looseObject({ blocks: z.array(columnBlock) }))
        .min(1)
        .max(6),
    }).transform(({ type, columns, layout_attrs }) => ({
      type,
      columns: columns.map((column) => column.blocks),
      edges: edgesOf(layout_attrs),
    })),
  ],
  { error: (issue) => notOneOf('block', issue.input, 'type', [...blockTypes, 'row']) },
)

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

/** The fields that say something; null where none does. */
function thoseSet<Value>(fields: Record<string, Value | null | undefined>): Record<string, Value> | null {
  const set = Object.entries(fields).filter(
    (entry): entry is [string, Value] => entry[1] !== null && entry[1] !== undefined,
  )
  return set.length === 0 ? null : Object.fromEntries(set)
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

/** `channel_overrides` of an in-app step. */
export const feedOverrides = object({ link_tracking: z.boolean().nullish() })
  .nullish()
  .transform((given) => (given?.link_tracking === true ? { linkTracking: true as const } : {}))

/** `channel_overrides` of an SMS step. A tracked link has one form. */
export const smsOverrides = object({
  link_tracking: z.boolean().nullish(),
  link_tracking_uses_short_links: ignored,
})
  .nullish()
  .transform((given) => (given?.link_tracking === true ? { linkTracking: true as const } : {}))

/** `channel_overrides` of a push step. */
export const pushOverrides = object({ token_deregistration: z.boolean().nullish() })
  .nullish()
  .transform((given) => (given?.token_deregistration === false ? { keepsTokens: true as const } : {}))

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

const pair = object({
  key: z
    .string()
    .refine(isHeaderName, 'must be a header name; Liquid is not filled in here')
    .refine((name) => !isReservedHeader(name), 'is set by the channel, and by nobody else'),
  value: liquid('text'),
})
const parameter = object({ key: z.string().min(1), value: liquid('text') })

export const httpTemplate = object({
  method: z.enum(httpMethods, { error: `must be one of ${httpMethods.join(', ')}` }),
  url: required('text'),
  headers: z.array(pair).nullish(),
  query_params: z.array(parameter).nullish(),
  body: optional('text'),
})
  .refine((template) => template.method !== 'get' || template.body === null, {
    path: ['body'],
    message: 'a get request has no body',
  })
  .transform((template) => ({
    method: template.method,
    url: template.url,
    headers: template.headers ?? [],
    queryParams: template.query_params ?? [],
    body: template.body,
  }))

export const smsTemplate = object({
  text_body: required('text'),
  settings: object({ to_number: optional('text'), payload_overrides: optional('text') }).nullish(),
}).transform(({ text_body, settings }) => ({
  textBody: text_body,
  toNumber: settings?.to_number ?? null,
  payloadOverrides: settings?.payload_overrides ?? null,
}))

export const pushTemplate = object({
  title: optional('text'),
  text_body: optional('text'),
  settings: object({
    delivery_type: oneOf(['content', 'silent'], 'must be content or silent'),
    payload_overrides: optional('text'),
  }).nullish(),
})
  .transform(({ title, text_body, settings }) => ({
    title: title ?? '',
    textBody: text_body ?? '',
    deliveryType: settings?.delivery_type ?? 'content',
    payloadOverrides: settings?.payload_overrides ?? null,
  }))
  .refine(({ deliveryType, title, textBody }) => deliveryType === 'silent' || title !== '' || textBody !== '', {
    path: ['text_body'],
    message: 'must not be empty, but in a silent push',
  })

export const chatTemplate = object({
  markdown_body: optional('markdown'),
  json_body: optional('text'),
  summary: optional('text'),
})
  .refine(({ markdown_body, json_body }) => markdown_body !== null || json_body !== null, {
    path: ['markdown_body'],
    message: 'must not be empty where there is no json_body',
  })
  .transform(({ markdown_body, json_body, summary }) => ({
    markdownBody: markdown_body ?? '',
    jsonBody: json_body,
    summary,
  }))
