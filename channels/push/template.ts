import { z } from 'zod'
import { object, oneOf, optional } from '../../definitions/fields.ts'

/** Every string is Liquid. */
export interface PushTemplate {
  title: string
  textBody: string
  deliveryType: 'content' | 'silent'
  payloadOverrides: string | null
  /** What a provider says is no more stays in channel data. Absent: it is dropped. */
  keepsTokens?: true
}

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

/** `channel_overrides` of a push step. */
export const pushOverrides = object({ token_deregistration: z.boolean().nullish() })
  .nullish()
  .transform((given) => (given?.token_deregistration === false ? { keepsTokens: true as const } : {}))
