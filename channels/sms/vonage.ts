import { z } from 'zod'
import type { SmsContent } from './content.ts'
import { apiProvider, jsonOf, notTaken, refusal } from '../provider.ts'
import { laidOver } from '../payload-overrides.ts'
import type { HttpAnswer } from '../http-client.ts'
import { listOf } from '../list-of.ts'
import { oneLine, type SendResult } from '../sender.ts'
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

/** Throttled, wrong credentials, an error of theirs, an account that is barred or has no credit, too many binds: mended, or over soon. */
const NOT_NOW = new Set(['1', '4', '5', '8', '9', '10'])

/**
 * Vonage's SMS API: https://developer.vonage.com/en/api/sms. It has no idempotency key. Its reference names no longest text,
 * so none is refused here: one that is too long is answered status 12.
 */
export const vonage = apiProvider<SmsContent, typeof settings>({
  settings,
  async send({ message, settings, post, links, fill }) {
    const to = phoneNumber(message)
    const { payload_overrides } = message.content
    const { body: text, told } = trackedText(message, links)
    fill({ to, ...told })
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
    return resultOf(answer)
  },
})

/** A long text is several messages there, each with a status of its own. */
function resultOf(answer: HttpAnswer): SendResult {
  const { messages } = jsonOf(answer)
  const parts = listOf(messages) as (Part | null)[]
  const statuses = parts.flatMap((part) => (typeof part?.status === 'string' ? [part.status] : []))
  if (answer.status !== 200 || statuses.length === 0 || statuses.length < parts.length) return refusal(answer)
  const failed = statuses.filter((status) => status !== '0')
  const worst = failed.find((status) => !NOT_NOW.has(status)) ?? failed[0]
  if (worst === undefined) return { kind: 'sent', ...idOf(parts[0]!) }
  const said = `status ${worst} ${textOf(parts[statuses.indexOf(worst)]!['error-text'])}`
  const taken = statuses.length - failed.length
  // A repeat would have these come twice.
  if (taken > 0) {
    const reason = oneLine(`${taken} of ${statuses.length} parts were taken; ${said}`)
    return { kind: 'unknown', reason, repeatable: false }
  }
  return NOT_NOW.has(worst) ? notTaken(answer, said) : { kind: 'refused', reason: oneLine(said) }
}

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
