import { z } from 'zod'
import { dependent, object, oneOf, optional, optionalObject } from '../../definitions/fields.ts'

/** Every string is Liquid. */
export interface PushTemplate {
  title: string
  textBody: string
  deliveryType: 'content' | 'silent'
  payloadOverrides: string | null
  /** What a provider says is no more stays in channel data. Absent: it is dropped. */
  keepsTokens?: true
}

const shape = {
  title: optional('text'),
  text_body: optional('text'),
  settings: object({
    delivery_type: oneOf(['content', 'silent'], 'must be content or silent'),
    payload_overrides: optionalObject,
  }).nullish(),
}
const read = dependent(shape, ({ title, text_body, settings }, tell) => {
  if (settings?.delivery_type === 'silent' || title || text_body) return
  tell(['title', 'text_body', 'settings'], ['text_body'], 'must not be empty, but in a silent push')
})

export const pushTemplate = read.transform(({ title, text_body, settings }) => ({
  title: title ?? '',
  textBody: text_body ?? '',
  deliveryType: settings?.delivery_type ?? 'content',
  payloadOverrides: settings?.payload_overrides ?? null,
  idle: Object.entries(settings?.delivery_type === 'silent' ? { title, text_body } : {}).flatMap(([name, text]) =>
    text === null ? [] : [{ at: [name], message: 'is ignored: a silent push shows nothing' }],
  ),
}))

/** `channel_overrides` of a push step. */
export const pushOverrides = object({ token_deregistration: z.boolean().nullish() })
  .nullish()
  .transform((given) => (given?.token_deregistration === false ? { keepsTokens: true as const } : {}))
