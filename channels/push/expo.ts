import { z } from 'zod'
import type { PushContent } from '../../templates/content.ts'
import { apiProvider, jsonOf, notTaken, refusal } from '../provider.ts'
import { oneLine } from '../sender.ts'
import { apiUrl, opaque, pace } from '../settings.ts'
import { devicesOf, gone, toEach } from './push-tokens.ts'

const settings = z.strictObject({
  /** Where the account asks for one. */
  access_token: opaque.optional(),
  api_url: apiUrl('https://exp.host'),
  ...pace,
})

/** Errors of a push ticket that say "not now". */
const NOT_NOW = new Set(['MessageRateExceeded', 'InvalidCredentials'])

/** Expo's push service: https://docs.expo.dev/push-notifications/sending-notifications/#http2-api. It has no idempotency key. */
export const expo = apiProvider<PushContent, typeof settings>({
  settings,
  requests: 100,
  async send({ message, settings, post }) {
    const { title, body, delivery_type, payload_overrides } = message.content
    const shown = delivery_type === 'silent' ? { _contentAvailable: true } : { title, body }
    return toEach(devicesOf(message), async ({ token: to }) => {
      const answer = await post({
        url: `${settings.api_url}/--/api/v2/push/send`,
        headers: settings.access_token === undefined ? {} : { authorization: `Bearer ${settings.access_token}` },
        body: { to, ...shown, data: { belay_message_id: message.messageId }, ...payload_overrides },
      })
      const { data: ticket, errors } = jsonOf(answer) as {
        data?: Ticket
        errors?: { code?: string; message?: string }[]
      }
      if (answer.status !== 200 || ticket === undefined) return refusal(answer, errors?.[0]?.code, errors?.[0]?.message)
      if (ticket.status === 'ok') return { kind: 'sent', ...(ticket.id !== undefined && { externalId: ticket.id }) }
      const reason = oneLine(`${ticket.details?.error ?? 'error'} ${ticket.message ?? ''}`)
      if (ticket.details?.error === 'DeviceNotRegistered') return gone(to, reason)
      return NOT_NOW.has(ticket.details?.error ?? '') ? notTaken(answer, reason) : { kind: 'refused', reason }
    })
  },
})

interface Ticket {
  status?: string
  id?: string
  message?: string
  details?: { error?: string }
}
