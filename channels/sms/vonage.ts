import { z } from 'zod'
import type { SmsContent } from './content.ts'
import { apiProvider, jsonOf, notTaken, refusal } from '../provider.ts'
import { laidOver } from '../payload-overrides.ts'
import { oneLine } from '../sender.ts'
import { apiUrl, opaque, pace, payloadOverrides } from '../settings.ts'
import { phoneNumber } from './phone-number.ts'
import { trackedText } from './tracked-text.ts'

const settings = z.strictObject({
  api_key: opaque,
  api_secret: opaque,
  from: opaque,
  api_url: apiUrl('https://rest.nexmo.com'),
  payload_overrides: payloadOverrides,
  ...pace,
})

/** Throttled, wrong credentials, an error of theirs, no credit, too many binds: mended, or over soon. */
const NOT_NOW = new Set(['1', '4', '5', '9', '10'])

/**
 * Vonage's SMS API: https://developer.vonage.com/en/api/sms. It has no idempotency key. Its reference names no longest text,
 * so none is refused here: one that is too long is answered status 12.
 */
export const vonage = apiProvider<SmsContent, typeof settings>({
  settings,
  async send({ message, settings, post, links }) {
    const to = phoneNumber(message)
    const { payload_overrides } = message.content
    const { body: text, told } = trackedText(message, links)
    const filled = { to, ...told }
    // Of ASCII, GSM 03.38 lacks the grave accent.
    const isPlain = /^[\n\r\x20-\x5f\x61-\x7e]*$/.test(text)
    const body = laidOver(
      {
        api_key: settings.api_key,
        api_secret: settings.api_secret,
        from: settings.from,
        to: to.slice(1),
        text,
        ...(!isPlain && { type: 'unicode' }),
        'client-ref': message.messageId,
      },
      settings.payload_overrides,
      payload_overrides,
    )
    const answer = await post({ url: `${settings.api_url}/sms/json`, body })
    const { messages } = jsonOf(answer)
    const [part] = Array.isArray(messages) ? (messages as (Part | null)[]) : []
    if (answer.status !== 200 || typeof part?.status !== 'string') return { ...refusal(answer), filled }
    if (part.status === '0') return { kind: 'sent', ...idOf(part), filled }
    const reason = oneLine(`status ${part.status} ${textOf(part['error-text'])}`)
    if (NOT_NOW.has(part.status)) return { ...notTaken(answer, reason), filled }
    return { kind: 'refused', reason, filled }
  },
})

interface Part {
  status?: unknown
  'message-id'?: unknown
  'error-text'?: unknown
}

function idOf({ 'message-id': id }: Part): { externalId?: string } {
  return typeof id === 'string' ? { externalId: id } : {}
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
