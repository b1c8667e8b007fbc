import { z } from 'zod'
import { httpMethods } from './definition.ts'
import { ignored, liquid, notOneOf, object, optional, required, unsupported } from './fields.ts'
import { isHeaderName, isReservedHeader } from '../channels/http/http-headers.ts'

const button = object({ label: required('text'), action: required('text') })

export const feedTemplate = object({
  markdown_body: required('markdown'),
  action_url: optional('text'),
  action_buttons: z.array(button).max(2, 'an in-app message has at most 2 buttons').nullish(),
})
  .refine((template) => template.action_url === null || !template.action_buttons?.length, {
    path: ['action_buttons'],
    message: 'stands beside action_url: an in-app message has either',
  })
  .transform((template) => ({
    markdownBody: template.markdown_body,
    actionUrl: template.action_url,
    actionButtons: template.action_buttons ?? [],
  }))

/** How a block looks in Knock's editor. */
const decoration = { id: ignored, version: ignored, variant: ignored, layout_attrs: ignored }

const visualBlock = z.discriminatedUnion(
  'type',
  [
    object({ type: z.literal('markdown'), content: liquid('markdown'), ...decoration }).transform(
      ({ type, content }) => ({
        type,
        content,
      }),
    ),
    object({
      type: z.literal('button_set'),
      buttons: z.array(
        object({ ...button.shape, ...decoration, size_attrs: ignored, style_attrs: ignored }).transform(
          ({ label, action }) => ({ label, action }),
        ),
      ),
      ...decoration,
    }).transform(({ type, buttons }) => ({ type, buttons })),
    object({ type: z.literal('divider'), ...decoration }).transform(({ type }) => ({ type })),
  ],
  { error: (issue) => notOneOf('block', issue.input, 'type', ['markdown', 'button_set', 'divider']) },
)

export const emailTemplate = object({
  subject: required('text'),
  html_body: optional('html'),
  visual_blocks: z.array(visualBlock).min(1, 'must have at least one block').nullish(),
  text_body: optional('text'),
  is_mjml: z.literal(false, { error: 'MJML is not supported yet' }).nullish(),
  settings: object({
    layout_key: z.string().nullish(),
    attachment_key: z.string().nullish(),
    pre_content: unsupported,
  }).nullish(),
}).transform((template, issue) => {
  const { html_body: html, visual_blocks: visualBlocks } = template
  if ((html === null) === (visualBlocks === undefined || visualBlocks === null)) {
    issue.addIssue({ code: 'custom', path: ['html_body'], message: 'an email has either html_body or visual_blocks' })
  }
  return {
    subject: template.subject,
    body: visualBlocks ? { visualBlocks } : { html: html ?? '' },
    textBody: template.text_body,
    attachmentKey: template.settings?.attachment_key ?? null,
  }
})

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
    delivery_type: z.enum(['content', 'silent'], { error: 'must be content or silent' }).nullish(),
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
