import type {
  Button,
  ChatTemplate,
  EmailOverrides,
  FeedTemplate,
  HttpTemplate,
  PushTemplate,
  SmsTemplate,
} from '../definitions/template.ts'
import type { ChannelStep } from '../definitions/step.ts'
import { withExactNumbers } from '../json/source.ts'
import type { JsonObject } from '../store/schema/index.ts'
import { safeAddress } from './address.ts'
import { attachmentsOf } from './email/attachments.ts'
import { compileEmail } from './email/compile.ts'
import { compileMjml } from './email/mjml.ts'
import { renderLiquid, type LiquidContext, type RenderingOptions } from './liquid.ts'
import type {
  ChatContent,
  EmailContent,
  EmailSettings,
  FeedContent,
  HttpContent,
  PushContent,
  Rendered,
  SmsContent,
} from './content.ts'
import { renderingFor } from './rendering-for.ts'
import { SOURCE, type Scope } from './scope.ts'

/** A template that cannot be rendered for this scope. Another try would end the same way. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError'
  /** The step's ref. */
  readonly step: string
  /** As in workflow.json: `template.markdown_body`. */
  readonly field: string

  constructor(step: string, field: string, reason: string) {
    super(`step ${step}, ${field}: ${reason}`)
    this.step = step
    this.field = field
  }
}

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

function onOneLine(text: string): string {
  return text
    .trim()
    .split(/[\r\n]+/)
    .map((part) => part.trim())
    .join(' ')
}

function renderWith(step: ChannelStep, scope: Scope, fill: Filler): Rendered {
  switch (step.channelType) {
    case 'in_app_feed':
      return { channelType: step.channelType, content: feed(step.template, fill) }
    case 'email':
      return { channelType: step.channelType, content: email(step, scope, fill) }
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

type EmailStep = Extract<ChannelStep, { channelType: 'email' }>

/** Fills the texts of one step for one recipient. A class, since there is one for every recipient and closures are dear. */
class Filler {
  readonly #step: string
  readonly #scope: Scope
  readonly #rendering: RenderingOptions
  /** Characters of all texts so far. */
  written = 0

  constructor(step: string, scope: Scope) {
    this.#step = step
    this.#scope = scope
    this.#rendering = renderingFor(scope)
  }

  text(field: string, text: string, context: LiquidContext): string {
    try {
      const filled = renderLiquid(text, context, this.#scope, this.#rendering)
      this.written += filled.length
      return filled
    } catch (error) {
      throw new TemplateError(this.#step, `template.${field}`, (error as Error).message)
    }
  }

  /** MJML that is filled in, as HTML. */
  mjml(field: string, source: string): string {
    try {
      const html = compileMjml(source)
      this.written += html.length
      return html
    } catch (error) {
      throw new TemplateError(this.#step, `template.${field}`, (error as Error).message)
    }
  }

  /** On one line, without space at its ends. */
  line(field: string, text: string): string {
    return onOneLine(this.text(field, text, 'text'))
  }

  /** A JSON object, each number in it that a double cannot hold as a text; null where the template has none. */
  json(field: string, text: string | null): JsonObject | null {
    if (text === null) return null
    const filled = this.text(field, text, 'text')
    try {
      const value: unknown = JSON.parse(withExactNumbers(filled))
      if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject
    } catch {
      // Said below.
    }
    throw new TemplateError(this.#step, `template.${field}`, 'is not a JSON object once it is filled in')
  }

  /** An address that a client may open. */
  address(field: string, text: string): string {
    const address = safeAddress(this.text(field, text, 'text'))
    if (address !== null) return address
    throw new TemplateError(this.#step, `template.${field}`, 'is an address that is not safe to open')
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

function email(step: EmailStep, scope: Scope, fill: Filler): EmailContent {
  const { template } = step
  const compiled = compileEmail(template, scope[SOURCE]?.library)
  const subject_line = fill.line('subject', template.subject)
  compiled.addresses.forEach(({ field, address }) => fill.address(field, address))
  const filled = fill.text(compiled.field, compiled.html, 'html')
  const html_body = compiled.isMjml ? fill.mjml(compiled.field, filled) : filled
  const text_body = `${fill
    .text(compiled.textField, compiled.text, 'text')
    .replace(/\n{3,}/g, '\n\n')
    .trim()}\n`
  const settings = emailSettings(step, scope, fill)
  return { subject_line, html_body, text_body, ...(Object.keys(settings).length > 0 && { settings }) }
}

function emailSettings({ ref, template }: EmailStep, scope: Scope, fill: Filler): EmailSettings {
  const { overrides = {}, tracking = {}, attachmentKey } = template
  const settings: EmailSettings = {
    ...(tracking.links !== undefined && { link_tracking: tracking.links }),
    ...(tracking.openings !== undefined && { open_tracking: tracking.openings }),
    ...(scope[SOURCE]?.isCommercial === true && { commercial: true }),
  }
  for (const [name, text] of Object.entries(overrides) as [keyof EmailOverrides, string][]) {
    const [setting, field] = overridden[name]
    const filled = fill.line(`channel_overrides.${field}`, text)
    if (filled !== '') settings[setting] = filled
  }
  const json = fill.json('channel_overrides.json_overrides', template.jsonOverrides ?? null)
  if (json !== null) settings.json_overrides = json
  if (attachmentKey === null || !Object.hasOwn(scope.data, attachmentKey)) return settings
  try {
    if (attachmentsOf(scope.data[attachmentKey], attachmentKey).length > 0) settings.attachment_key = attachmentKey
  } catch (error) {
    throw new TemplateError(ref, 'template.settings.attachment_key', (error as Error).message)
  }
  return settings
}

type AddressSetting = 'from' | 'from_name' | 'to' | 'cc' | 'bcc' | 'reply_to'

const overridden: Record<keyof EmailOverrides, [setting: AddressSetting, field: string]> = {
  from: ['from', 'from_address'],
  fromName: ['from_name', 'from_name'],
  to: ['to', 'to_address'],
  cc: ['cc', 'cc_address'],
  bcc: ['bcc', 'bcc_address'],
  replyTo: ['reply_to', 'reply_to_address'],
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
