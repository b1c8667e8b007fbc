import { createHmac } from 'node:crypto'
import { about, assertRecent, fieldIn, jsonIn, ReportRefused, textIn, type ReportReader } from './report.ts'
import { safeEqual } from './safe-equal.ts'

/** Mailgun offers a report again for 8 hours, with the signature of its first. */
const TOLERANCE_MS = 12 * 3_600_000

/** https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks: HMAC over timestamp and token. */
export const mailgunReports: ReportReader = {
  needs: ['webhook_signing_key'],
  read({ body, now }, { webhook_signing_key: key }) {
    const event = jsonIn(body)
    const timestamp = textIn(event, 'signature', 'timestamp')
    const right = createHmac('sha256', key!)
      .update(timestamp + textIn(event, 'signature', 'token'))
      .digest('hex')
    if (!safeEqual(textIn(event, 'signature', 'signature'), right)) throw new ReportRefused('the signature is wrong')
    assertRecent(timestamp, now, TOLERANCE_MS)
    const data = fieldIn(event, 'event-data')
    const messageId = textIn(data, 'user-variables', 'belay_message_id')
    const of = about(textIn(data, 'recipient'))
    const said = textIn(data, 'delivery-status', 'description') || textIn(data, 'delivery-status', 'message')
    switch (fieldIn(data, 'event')) {
      case 'delivered':
        return [{ messageId, status: 'delivered', reason: null, ...of }]
      case 'failed':
        // A temporary failure is tried again by Mailgun.
        return fieldIn(data, 'severity') === 'permanent'
          ? [{ messageId, status: 'bounced', reason: said || textIn(data, 'reason') || 'failed', ...of }]
          : []
      case 'complained':
        return [{ messageId, status: 'bounced', reason: 'reported as spam', ...of }]
      default:
        return []
    }
  },
}
