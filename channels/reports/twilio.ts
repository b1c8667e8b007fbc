import { createHmac } from 'node:crypto'
import { ReportRefused, type Report, type ReportReader } from './report.ts'
import { safeEqual } from './safe-equal.ts'

/**
 * Status callbacks: https://www.twilio.com/docs/usage/webhooks/webhooks-security. Signed is the address that Twilio was
 * given, the channel's `status_callback` with the message's id and without its fragment, then each field of the form by name.
 * No time is signed: a replay says again what is known.
 */
export const twilioReports: ReportReader = {
  needs: ['status_callback', 'auth_token', 'webhook_auth_token?'],
  read({ body, url, header }, { status_callback: callback, auth_token, webhook_auth_token }) {
    const form = new URLSearchParams(body.toString('utf8'))
    const fields = [...new Set(form.keys())]
      .sort()
      .map((name) => name + [...new Set(form.getAll(name))].sort().join(''))
    const signed = `${callback!.split(/[?#]/, 1)[0]!}${url.search}${fields.join('')}`
    const right = createHmac('sha1', webhook_auth_token ?? auth_token!)
      .update(signed)
      .digest('base64')
    if (!safeEqual(header('x-twilio-signature') ?? '', right)) throw new ReportRefused('X-Twilio-Signature is wrong')
    const messageId = url.searchParams.get('message_id') ?? ''
    const status = statuses[form.get('MessageStatus') ?? '']
    if (status === undefined) return []
    const code = form.get('ErrorCode')
    const reason =
      status === 'delivered' ? null : `${form.get('MessageStatus')!}${code ? `, Twilio error ${code}` : ''}`
    return [{ messageId, status, reason }]
  },
}

const statuses: Partial<Record<string, Report['status']>> = {
  delivered: 'delivered',
  read: 'delivered',
  undelivered: 'undelivered',
  failed: 'undelivered',
}
