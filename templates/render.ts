import type {
  Button,
  ChannelStep,
  ChatTemplate,
  EmailTemplate,
  FeedTemplate,
  HttpTemplate,
  PushTemplate,
  SmsTemplate,
} from '../definitions/definition.ts'
import type { JsonObject } from '../store/schema/index.ts'
import { revealMarkdown } from './escape.ts'
import { renderLiquid, type LiquidContext } from './liquid.ts'
import type {
  ChatContent,
  EmailContent,
  FeedContent,
  HttpContent,
  PushContent,
  Rendered,
  SmsContent,
} from './content.ts'
import { buttonRow, divider, emailDocument } from './email-html.ts'
import { isSafeAddress, toHtml, toText } from './markdown.ts'
import type { Scope } from './scope.ts'

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

/** Renders a step's template for one recipient, at once. Throws a TemplateError. */
export function renderStep(step: ChannelStep, scope: Scope): Rendered {
  const fill = new Filler(step.ref, scope)
  switch (step.channelType) {
    case 'in_app_feed':
      return { channelType: step.channelType, content: feed(step.template, fill) }
    case 'email':
      refuseAttachments(step.ref, step.template, scope)
      return { channelType: step.channelType, content: email(step.template, fill) }
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

/** Fills the texts of one step for one recipient. A class, since there is one for every recipient and closures are dear. */
class Filler {
  readonly #step: string
  readonly #scope: Scope

  constructor(step: string, scope: Scope) {
    this.#step = step
    this.#scope = scope
  }

  text(field: string, text: string, context: LiquidContext): string {
    try {
      return renderLiquid(text, context, this.#scope)
    } catch (error) {
      throw new TemplateError(this.#step, `template.${field}`, (error as Error).message)
    }
  }

  /** On one line, without space at its ends. */
  line(field: string, text: string): string {
    return this.text(field, text, 'text')
      .trim()
      .replace(/\s*[\r\n]+\s*/g, ' ')
  }

  /** A JSON object; null where the template has none. */
  json(field: string, text: string | null): JsonObject | null {
    if (text === null) return null
    const filled = this.text(field, text, 'text')
    try {
      const value: unknown = JSON.parse(filled)
      if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject
    } catch {
      // Said below.
    }
    throw new TemplateError(this.#step, `template.${field}`, 'is not a JSON object once it is filled in')
  }

  /** An address that a client may open. */
  address(field: string, text: string): string {
    // Browsers drop control characters before they look for `javascript:`.
    const filled = this.text(field, text, 'text')
      .replace(/\p{Cc}/gu, '')
      .trim()
    if (isSafeAddress(filled)) return filled
    throw new TemplateError(this.#step, `template.${field}`, 'is an address that is not safe to open')
  }
}

function feed(template: FeedTemplate, fill: Filler): FeedContent {
  const body = fill.text('markdown_body', template.markdownBody, 'markdown')
  const blocks: FeedContent['blocks'] = [
    { name: 'body', type: 'markdown', content: revealMarkdown(body), rendered: toHtml(body) },
  ]
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

function email(template: EmailTemplate, fill: Filler): EmailContent {
  const subject_line = fill.line('subject', template.subject)
  const given = template.textBody === null ? null : fill.text('text_body', template.textBody, 'text')
  if ('html' in template.body) {
    return { subject_line, html_body: fill.text('html_body', template.body.html, 'html'), text_body: given }
  }
  const blocks = template.body.visualBlocks.map((block, index) => {
    const field = `visual_blocks[${index}]`
    if (block.type === 'divider') return { html: divider, text: '---' }
    if (block.type === 'markdown') {
      const source = fill.text(`${field}.content`, block.content, 'markdown')
      return { html: toHtml(source), text: given === null ? toText(source) : '' }
    }
    const buttons = fillButtons(`${field}.buttons`, block.buttons, fill)
    return { html: buttonRow(buttons), text: buttons.map(({ label, action }) => `${label}: ${action}`).join('\n') }
  })
  const filled = blocks.filter((block) => block.html !== '')
  const text = filled.map((block) => block.text).join('\n\n')
  return {
    subject_line,
    html_body: emailDocument(
      subject_line,
      filled.map((block) => block.html),
    ),
    text_body: given ?? `${text}\n`,
  }
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
  }
}

function push(template: PushTemplate, fill: Filler): PushContent {
  return {
    title: fill.line('title', template.title),
    body: fill.text('text_body', template.textBody, 'text').trim(),
    delivery_type: template.deliveryType,
    payload_overrides: fill.json('settings.payload_overrides', template.payloadOverrides),
  }
}

function chat(template: ChatTemplate, fill: Filler): ChatContent {
  const content = revealMarkdown(fill.text('markdown_body', template.markdownBody, 'markdown')).trim()
  return {
    template: {
      blocks: content === '' ? [] : [{ name: 'body', type: 'markdown', content }],
      json_content: fill.json('json_body', template.jsonBody),
      summary: template.summary === null ? null : fill.line('summary', template.summary),
    },
  }
}

/** Attachments are not supported yet; a mail that silently lacked them would be worse than none. */
function refuseAttachments(step: string, template: EmailTemplate, scope: Scope): void {
  if (template.attachmentKey === null || !Object.hasOwn(scope.data, template.attachmentKey)) return
  const found = scope.data[template.attachmentKey]
  if (!Array.isArray(found) || found.length === 0) return
  throw new TemplateError(
    step,
    'template.settings.attachment_key',
    `data.${template.attachmentKey} holds attachments, which are not supported yet`,
  )
}
