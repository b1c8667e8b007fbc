import { z } from 'zod'
import { ignored, object, optional, optionalObject, required } from '../../definitions/fields.ts'

/** Every string is Liquid. */
export interface SmsTemplate {
  textBody: string
  /** Instead of the recipient's phone_number. */
  toNumber: string | null
  /** A JSON object once it is rendered. */
  payloadOverrides: string | null
  /** Whether clicks of its links are told. Absent: no. */
  linkTracking?: true
}

export const smsTemplate = object({
  text_body: required('text'),
  settings: object({ to_number: optional('text'), payload_overrides: optionalObject }).nullish(),
}).transform(({ text_body, settings }) => ({
  textBody: text_body,
  toNumber: settings?.to_number ?? null,
  payloadOverrides: settings?.payload_overrides ?? null,
}))

/** `channel_overrides` of an SMS step. A tracked link has one form. */
export const smsOverrides = object({
  link_tracking: z.boolean().nullish(),
  link_tracking_uses_short_links: ignored,
})
  .nullish()
  .transform((given) => (given?.link_tracking === true ? { linkTracking: true as const } : {}))
