import type { ChannelStep } from '../definitions/step.ts'
import type {
  Button,
  ChatTemplate,
  FeedTemplate,
  HttpTemplate,
  PushTemplate,
  SmsTemplate,
} from '../definitions/template.ts'
import type { ChatContent, FeedContent, HttpContent, PushContent, Rendered, SmsContent } from './content.ts'
import { Filler, onOneLine, TemplateError } from './filler.ts'
import { renderLiquid } from './liquid.ts'
import { renderEmail } from './render-email.ts'
import { renderingFor } from './rendering-for.ts'
import type { Scope } from './scope.ts'

/** Longest message, in bytes of its JSON, attachments aside. */
const MESSAGE_LIMIT = 800_000

/**
 * Renders a step's template for one recipient, at once. What is shown otherwise than asked, such as a time in UTC for want
 * of the recipient's zone, is a warning of the scope's (`takeWarnings`). Throws a TemplateError.
 */
export function renderStep(step: ChannelStep, scope: Scope): Rendered {
  const fill = new Filler(step.ref, scope)
  const rendered = renderWith(step, scope, fill)
  // Each text is bounded by itself, so that only texts of many fields can pass this.
  if (fill.written > MESSAGE_LIMIT / 4 && Buffer.byteLength(JSON.stringify(rendered.content)) > MESSAGE_LIMIT) {
    throw new TemplateError(step.ref, 'template', `the message is longer than ${MESSAGE_LIMIT} bytes`)
  }
  return rendered
}

/**
 * Fills a text that is not of the step's template, such as a setting of its channel: on one line, without space at its ends.
 * `field` names it. Throws a TemplateError.
 */
export function renderLine(step: string, field: string, text: string, scope: Scope): string {
  try {
    return onOneLine(renderLiquid(text, 'text', scope, renderingFor(scope)))
  } catch (error) {
    throw new TemplateError(step, field, (error as Error).message)
  }
}

function renderWith(step: ChannelStep, scope: Scope, fill: Filler): Rendered {
  switch (step.channelType) {
    case 'in_app_feed':
      return { channelType: step.channelType, content: feed(step.template, fill) }
    case 'email':
      return { channelType: step.channelType, content: renderEmail(step, scope, fill) }
    case 'http':
      return { channelType: step.channelType, content: http(step.template, fill) }
    case 'sms':
      return { channelType: step.channelType, content: sms(step.template, fill) }
    case 'push':
      return { channelType: step.channelType, content: push(step.template, fill) }
    case 'chat':
      return { channelType: step.channelType, content: chat(step.template, fill) }
  }
}

function feed(template: FeedTemplate, fill: Filler): FeedContent {
  const rendered = fill.text('markdown_body', template.markdownBody, 'markdown').trim()
  const content = fill.text('markdown_body', template.markdownBody, 'text')
  const blocks: FeedContent['blocks'] = [{ name: 'body', type: 'markdown', content, rendered }]
  if (template.actionUrl !== null) {
    const url = fill.address('action_url', template.actionUrl)
    blocks.push({ name: 'action_url', type: 'text', content: url, rendered: url })
  }
  if (template.actionButtons.length > 0) {
    const buttons = fillButtons('action_buttons', template.actionButtons, fill)
    const names = ['primary', 'secondary']
    blocks.push({
      name: 'actions',
      type: 'button_set',
      buttons: buttons.map((button, n) => ({ name: names[n]!, ...button })),
    })
  }
  return { blocks }
}

function fillButtons(field: string, buttons: readonly Button[], fill: Filler): Button[] {
  return buttons.map(({ label, action }, index) => ({
    label: fill.line(`${field}[${index}].label`, label),
    action: fill.address(`${field}[${index}].action`, action),
  }))
}

/** The channel checks address and headers: they may name a value that only it can judge. */
function http(template: HttpTemplate, fill: Filler): HttpContent {
  return {
    method: template.method,
    url: fill.line('url', template.url),
    headers: template.headers.map(({ key, value }, n) => ({ key, value: fill.line(`headers[${n}].value`, value) })),
    query: template.queryParams.map(({ key, value }, n) => ({
      key,
      value: fill.text(`query_params[${n}].value`, value, 'text'),
    })),
    body: template.body === null ? null : fill.text('body', template.body, 'text'),
  }
}

function sms(template: SmsTemplate, fill: Filler): SmsContent {
  const to = template.toNumber === null ? '' : fill.line('settings.to_number', template.toNumber)
  return {
    to: to === '' ? null : to,
    body: fill.text('text_body', template.textBody, 'text').trim(),
    payload_overrides: fill.json('settings.payload_overrides', template.payloadOverrides),
    ...(template.linkTracking === true && { link_tracking: true }),
  }
}

function push(template: PushTemplate, fill: Filler): PushContent {
  return {
    title: fill.line('title', template.title),
    body: fill.text('text_body', template.textBody, 'text').trim(),
    delivery_type: template.deliveryType,
    payload_overrides: fill.json('settings.payload_overrides', template.payloadOverrides),
    ...(template.keepsTokens === true && { token_deregistration: false }),
  }
}

function chat(template: ChatTemplate, fill: Filler): ChatContent {
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
