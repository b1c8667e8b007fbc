import { z } from 'zod'
import type { PushContent } from '../../templates/content.ts'
import { apiProvider, jsonOf, notTaken, refusal } from '../provider.ts'
import { NoAnswer } from '../http-client.ts'
import { laidOver } from '../payload-overrides.ts'
import { oneLine, type Receipt } from '../sender.ts'
import { apiUrl, opaque, pace, payloadOverrides } from '../settings.ts'
import { devicesOf, gone, toEach } from './push-tokens.ts'

const settings = z.strictObject({
  /** Where the account asks for one. */
  access_token: opaque.optional(),
  api_url: apiUrl('https://exp.host'),
  payload_overrides: payloadOverrides,
  ...pace,
})

/** Expo has receipts some 15 minutes after the ticket, and for a day. */
const RECEIPT_AFTER_MS = 15 * 60_000

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
        headers: authorization(settings),
        body: laidOver(
          { to, ...shown, data: { belay_message_id: message.messageId } },
          settings.payload_overrides,
          payload_overrides,
        ),
      })
      const { data: ticket, errors } = jsonOf(answer) as {
        data?: Ticket
        errors?: { code?: string; message?: string }[]
      }
      if (answer.status !== 200 || ticket === undefined) return refusal(answer, errors?.[0]?.code, errors?.[0]?.message)
      if (ticket.status === 'ok')
        return ticket.id === undefined
          ? { kind: 'sent' }
          : { kind: 'sent', externalId: ticket.id, receiptAfterMs: RECEIPT_AFTER_MS }
      const reason = reasonOf(ticket)
      if (ticket.details?.error === 'DeviceNotRegistered') return gone(message.content, to, reason)
      return NOT_NOW.has(ticket.details?.error ?? '') ? notTaken(answer, reason) : { kind: 'refused', reason }
    })
  },
  /** https://docs.expo.dev/push-notifications/sending-notifications/#push-receipts: `ok` says that Apple or Google has it. */
  async receipts({ externalIds, settings, ask }) {
    const answer = await ask({
      url: `${settings.api_url}/--/api/v2/push/getReceipts`,
      headers: authorization(settings),
      body: { ids: externalIds },
    })
    const { data } = jsonOf(answer) as { data?: Partial<Record<string, Ticket>> }
    if (answer.status !== 200 || data === undefined) throw new NoAnswer(`Expo answered ${answer.status}`, false)
    const found = externalIds.flatMap((id): [string, Receipt][] => {
      const receipt = Object.hasOwn(data, id) ? data[id] : undefined
      return receipt === undefined ? [] : [[id, receiptOf(receipt)]]
    })
    return new Map(found)
  },
})

function authorization({ access_token: token }: z.output<typeof settings>): Record<string, string> {
  return token === undefined ? {} : { authorization: `Bearer ${token}` }
}

function receiptOf(receipt: Ticket): Receipt {
  if (receipt.status === 'ok') return { status: 'delivered', reason: null, isGone: false }
  return {
    status: 'undelivered',
    reason: reasonOf(receipt),
    isGone: receipt.details?.error === 'DeviceNotRegistered',
  }
}

function reasonOf({ details, message }: Ticket): string {
  return oneLine(`${details?.error ?? 'error'} ${message ?? ''}`)
}

/** A ticket, or a receipt: both look alike. */
interface Ticket {
  status?: string
  id?: string
  message?: string
  details?: { error?: string }
}
