import { Webhook } from 'standardwebhooks'
import { assertRecent, fieldIn, jsonIn, ReportRefused, textIn, type ReportReader } from './report.ts'
import { safeEqual } from './safe-equal.ts'

/** Events signed by Svix, whose scheme is that of Standard Webhooks: https://resend.com/docs/dashboard/webhooks/verify-webhooks-requests. */
export const resendReports: ReportReader = {
  needs: ['webhook_secret'],
  read({ body, header, now }, { webhook_secret: secret }) {
    const [id = '', timestamp = '', signature = ''] = ['id', 'timestamp', 'signature'].map((name) =>
      header(`svix-${name}`),
    )
    const right = signatureOf(secret!, id, timestamp, body)
    const given = signature.split(' ')
    if (!given.some((each) => safeEqual(each, right))) throw new ReportRefused('svix-signature is wrong')
    assertRecent(timestamp, now)
    const event = jsonIn(body)
    const messageId = messageIdIn(fieldIn(event, 'data'))
    const words = [textIn(event, 'data', 'bounce', 'type'), textIn(event, 'data', 'bounce', 'message')].filter(Boolean)
    switch (fieldIn(event, 'type')) {
      case 'email.delivered':
        return [{ messageId, status: 'delivered', reason: null }]
      case 'email.bounced':
        return [{ messageId, status: 'bounced', reason: words.join(': ') || 'bounced' }]
      case 'email.complained':
        return [{ messageId, status: 'bounced', reason: 'reported as spam' }]
      case 'email.failed':
      case 'email.suppressed':
        return [{ messageId, status: 'undelivered', reason: textIn(event, 'data', 'failed', 'reason') || 'failed' }]
      default:
        return []
    }
  },
}

function signatureOf(secret: string, id: string, timestamp: string, body: Buffer): string {
  try {
    return new Webhook(secret).sign(id, new Date(Number(timestamp) * 1_000), body.toString('utf8'))
  } catch {
    throw new ReportRefused('webhook_secret or svix-timestamp cannot be used')
  }
}

/** By our header, else by the Message-ID, whose first part is the message's id. */
function messageIdIn(data: unknown): string {
  const headers = fieldIn(data, 'headers') as unknown[] | undefined
  const own = Array.isArray(headers)
    ? headers.find((each) => /^x-belay-message-id$/i.test(textIn(each, 'name')))
    : undefined
  return textIn(own, 'value') || textIn(data, 'message_id').replace(/^</, '').split('@', 1)[0]!
}
