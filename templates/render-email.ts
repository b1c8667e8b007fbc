import type { ChannelStep } from '../definitions/step.ts'
import type { EmailOverrides } from '../definitions/template.ts'
import type { EmailContent, EmailSettings } from './content.ts'
import { attachmentsOf } from './email/attachments.ts'
import { compileEmail } from './email/compile.ts'
import { TemplateError, type Filler } from './filler.ts'
import { SOURCE, type Scope } from './scope.ts'

type EmailStep = Extract<ChannelStep, { channelType: 'email' }>

/** An e-mail, and where its step says otherwise than its channel. Throws a TemplateError. */
export function renderEmail(step: EmailStep, scope: Scope, fill: Filler): EmailContent {
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
