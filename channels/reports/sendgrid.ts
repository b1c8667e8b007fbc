import { createPublicKey, verify, type KeyObject } from 'node:crypto'
import {
  about,
  assertRecent,
  fieldIn,
  jsonIn,
  ReportRefused,
  textIn,
  type Report,
  type ReportReader,
} from './report.ts'

/**
 * The signed event webhook: https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features.
 * ECDSA over the timestamp and the body; `webhook_public_key` is what SendGrid shows as the verification key.
 */
export const sendgridReports: ReportReader = {
  needs: ['webhook_public_key'],
  read({ body, header, now }, { webhook_public_key: key }) {
    const timestamp = header('x-twilio-email-event-webhook-timestamp')
    const signature = Buffer.from(header('x-twilio-email-event-webhook-signature') ?? '', 'base64')
    if (!verify('sha256', Buffer.concat([Buffer.from(timestamp ?? ''), body]), keyOf(key!), signature))
      throw new ReportRefused('X-Twilio-Email-Event-Webhook-Signature is wrong')
    assertRecent(timestamp, now)
    const events = jsonIn(body)
    return Array.isArray(events) ? events.flatMap(reportsOf) : []
  },
}

function reportsOf(event: unknown): Report[] {
  const messageId = textIn(event, 'belay_message_id')
  const reason = textIn(event, 'reason')
  const of = about(textIn(event, 'email'))
  switch (fieldIn(event, 'event')) {
    case 'delivered':
      return [{ messageId, status: 'delivered', reason: null, ...of }]
    case 'dropped':
      return [{ messageId, status: 'undelivered', reason: `dropped: ${reason}`, ...of }]
    case 'bounce': {
      // A block may pass: the address is good.
      const status = fieldIn(event, 'type') === 'blocked' ? 'undelivered' : 'bounced'
      return [{ messageId, status, reason: `${textIn(event, 'type') || 'bounce'}: ${reason}`, ...of }]
    }
    case 'spamreport':
      return [{ messageId, status: 'bounced', reason: 'reported as spam', ...of }]
    default:
      return []
  }
}

function keyOf(base64: string): KeyObject {
  try {
    return createPublicKey({ key: Buffer.from(base64, 'base64'), format: 'der', type: 'spki' })
  } catch {
    throw new ReportRefused('webhook_public_key is not the verification key that SendGrid shows')
  }
}
