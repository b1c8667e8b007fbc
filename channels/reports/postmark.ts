import { about, fieldIn, jsonIn, ReportRefused, textIn, type ReportReader } from './report.ts'
import { safeEqual } from './safe-equal.ts'

/**
 * Delivery, bounce and spam complaint webhooks: https://postmarkapp.com/developer/webhooks/bounce-webhook. Postmark signs
 * nothing: the address given there holds `belay:<webhook_secret>@`, which comes as basic authentication.
 */
export const postmarkReports: ReportReader = {
  needs: ['webhook_secret'],
  read({ body, header }, { webhook_secret: secret }) {
    const right = `Basic ${Buffer.from(`belay:${secret!}`).toString('base64')}`
    if (!safeEqual(header('authorization') ?? '', right)) throw new ReportRefused('the login is wrong')
    const event = jsonIn(body)
    const messageId = textIn(event, 'Metadata', 'belay-message-id')
    const of = about(textIn(event, 'Recipient'), textIn(event, 'Email'))
    const reason = [textIn(event, 'Type'), textIn(event, 'Description'), textIn(event, 'Details')]
      .filter(Boolean)
      .join(': ')
    switch (fieldIn(event, 'RecordType')) {
      case 'Delivery':
        return [{ messageId, status: 'delivered', reason: null, ...of }]
      case 'Bounce':
        return TRANSIENT.has(textIn(event, 'Type')) ? [] : [{ messageId, status: 'bounced', reason, ...of }]
      case 'SpamComplaint':
        return [{ messageId, status: 'bounced', reason: 'reported as spam', ...of }]
      default:
        return []
    }
  },
}

/** Types of a "bounce" after which the mail may still arrive, or that are an answer by software. */
const TRANSIENT = new Set([
  'Transient',
  'AutoResponder',
  'OpenRelayTest',
  'ChallengeVerification',
  'AddressChange',
  'Subscribe',
  'Unsubscribe',
  'VirusNotification',
  'DnsError',
])
