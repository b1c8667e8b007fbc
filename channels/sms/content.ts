import type { JsonObject } from '../../store/schema/index.ts'
import type { Filler } from '../../templates/filler.ts'
import type { SmsTemplate } from './template.ts'

export interface SmsContent {
  /** The number the template names; null: the recipient's. Filled in at the send. */
  to: string | null
  body: string
  /** Laid over what the provider is sent. */
  payload_overrides: JsonObject | null
  /** Its links lead over ours, which tell of clicks. Absent: no. */
  link_tracking?: true
}

/** Throws a TemplateError. */
export function renderSms(template: SmsTemplate, fill: Filler): SmsContent {
  const to = template.toNumber === null ? '' : fill.line('settings.to_number', template.toNumber)
  return {
    to: to === '' ? null : to,
    body: fill.text('text_body', template.textBody, 'text').trim(),
    payload_overrides: fill.json('settings.payload_overrides', template.payloadOverrides),
    ...(template.linkTracking === true && { link_tracking: true }),
  }
}
