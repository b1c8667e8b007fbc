import { z } from 'zod'
import type { PushContent } from './content.ts'
import { apiProvider, jsonOf, notTaken, refusal } from '../provider.ts'
import { NoAnswer } from '../http-client.ts'
import { laidOver } from '../payload-overrides.ts'
import { oneLine, type Receipt } from '../sender.ts'
import { apiUrl, opaque, pace, payloadOverrides } from '../settings.ts'
import { assertPushFits, jsonBytes } from './push-size.ts'
import { listOf } from '../list-of.ts'
import { toEach } from '../to-each.ts'
import { devicesOf, gone } from './push-tokens.ts'

const settings = z.strictObject({
  /** Where the account asks for one. */
  access_token: opaque.optional(),
  api_url: apiUrl('https://exp.host'),
  payload_overrides: payloadOverrides,
  ...pace,
})

/** Of all but the token: https://docs.expo.dev/push-notifications/sending-notifications/#individual-errors, MessageTooBig. */
const MOST_BYTES = 4_096

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
    const payload = laidOver(
      { ...shown, data: { belay_message_id: message.messageId } },
      settings.payload_overrides,
      payload_overrides,
    )
    assertPushFits(message.content, { provider: 'Expo', size: jsonBytes(payload), most: MOST_BYTES })
    return toEach(devicesOf(message), async ({ token: to }) => {
      const answer = await post({
        url: `${settings.api_url}/--/api/v2/push/send`,
        headers: authorization(settings),
        body: { to, ...payload },
      })
      const { data, errors } = jsonOf(answer)
      // One message has one ticket, whether or not it stands in a list.
      const ticket = ticketOf(Array.isArray(data) && data.length === 1 ? data[0] : data)
      if (answer.status !== 200 || ticket === undefined) {
        const [first] = listOf(errors) as ({ code?: unknown; message?: unknown } | null)[]
        return refusal(answer, first?.code, first?.message)
      }
      if (ticket.status === 'ok')
        return typeof ticket.id === 'string'
          ? { kind: 'sent', externalId: ticket.id, receiptAfterMs: RECEIPT_AFTER_MS }
          : { kind: 'sent' }
      const reason = reasonOf(ticket)
      const error = errorOf(ticket)
      if (error === 'DeviceNotRegistered') return gone(message.content, to, reason)
      return NOT_NOW.has(error) ? notTaken(answer, reason) : { kind: 'refused', reason }
    })
  },
  /** https://docs.expo.dev/push-notifications/sending-notifications/#push-receipts: `ok` says that Apple or Google has it. */
  async receipts({ externalIds, settings, ask }) {
    const answer = await ask({
      url: `${settings.api_url}/--/api/v2/push/getReceipts`,
      headers: authorization(settings),
      body: { ids: externalIds },
    })
    const { data } = jsonOf(answer)
    if (answer.status !== 200 || typeof data !== 'object' || data === null)
      throw new NoAnswer(`Expo answered ${answer.status}`, false)
    const found = externalIds.flatMap((id): [string, Receipt][] => {
      const receipt = Object.hasOwn(data, id) ? ticketOf((data as Record<string, unknown>)[id]) : undefined
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
    isGone: errorOf(receipt) === 'DeviceNotRegistered',
  }
}

function reasonOf(ticket: Ticket): string {
  return oneLine(`${errorOf(ticket)} ${typeof ticket.message === 'string' ? ticket.message : ''}`)
}

function errorOf({ details }: Ticket): string {
  return typeof details?.error === 'string' ? details.error : 'error'
}

/** A ticket, or a receipt: both look alike. */
interface Ticket {
  status: 'ok' | 'error'
  id?: unknown
  message?: unknown
  details?: { error?: unknown } | null
}

function ticketOf(value: unknown): Ticket | undefined {
  const { status } = (value ?? {}) as { status?: unknown }
  return status === 'ok' || status === 'error' ? (value as Ticket) : undefined
}
