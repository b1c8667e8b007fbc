import { SOURCE } from '../../templates/scope.ts'
import type { Filler } from '../../templates/filler.ts'
import { attachmentsOf } from './attachments.ts'
import type { EmailContent, EmailSettings } from './content.ts'
import { compileEmail } from './html/compile.ts'
import { compileMjml } from './html/mjml.ts'
import { withStylesInHead } from './html/styles-in-head.ts'
import type { EmailOverrides, EmailTemplate } from './template.ts'

/** An e-mail, and where its step says otherwise than its channel. Throws a TemplateError. */
export function renderEmail(template: EmailTemplate, fill: Filler): EmailContent {
  const compiled = compileEmail(template, fill.scope[SOURCE]?.library)
  const subject_line = fill.line('subject', template.subject)
  compiled.addresses.forEach(({ field, address }) => fill.address(field, address))
  const filled = fill.text(compiled.field, compiled.html, 'html')
  const html_body = compiled.isMjml ? fill.made(compiled.field, () => compileMjml(filled)) : withStylesInHead(filled)
  warnOfEmptyAddresses(compiled.field, html_body, fill)
  const text_body = `${fill
    .text(compiled.textField, compiled.text, 'text')
    .replace(/\n{3,}/g, '\n\n')
    .trim()}\n`
  const settings = emailSettings(template, fill)
  return { subject_line, html_body, text_body, ...(Object.keys(settings).length > 0 && { settings }) }
}

/** Of what the author wrote as HTML or Markdown: an address in a button or an image that comes out empty is left out. */
function warnOfEmptyAddresses(field: string, html: string, fill: Filler): void {
  if (html.includes(' href=""')) fill.warn(field, 'has a link whose address is empty')
  if (html.includes(' src=""')) fill.warn(field, 'has an image whose address is empty')
}

function emailSettings(template: EmailTemplate, fill: Filler): EmailSettings {
  const { scope } = fill
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
    throw fill.error('settings.attachment_key', (error as Error).message)
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
