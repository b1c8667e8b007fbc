import type { JsonObject } from '../../store/schema/index.ts'
import type { Filler } from '../../templates/filler.ts'
import type { PushTemplate } from './template.ts'

export interface PushContent {
  /** The device it goes to: its token; of a browser, its endpoint. Absent: the recipient had none when it was made. */
  token?: string
  title: string
  body: string
  /** A silent one wakes the app and shows nothing. */
  delivery_type: 'content' | 'silent'
  payload_overrides: JsonObject | null
  /** A device that is no more stays in the recipient's channel data. Absent: it is dropped. */
  token_deregistration?: false
}

/** Throws a TemplateError. */
export function renderPush(template: PushTemplate, fill: Filler): PushContent {
  return {
    title: fill.line('title', template.title),
    body: fill.text('text_body', template.textBody, 'text').trim(),
    delivery_type: template.deliveryType,
    payload_overrides: fill.json('settings.payload_overrides', template.payloadOverrides),
    ...(template.keepsTokens === true && { token_deregistration: false }),
  }
}
