import { z } from 'zod'
import type { SmsContent } from './content.ts'
import { apiProvider, jsonOf, notTaken, refusal } from '../provider.ts'
import { laidOver } from '../payload-overrides.ts'
import { atMost, charactersOf } from '../too-long.ts'
import { apiUrl, opaque, pace, payloadOverrides, text } from '../settings.ts'
import { phoneNumber } from './phone-number.ts'
import { trackedText } from './tracked-text.ts'

const settings = z
  .strictObject({
    account_sid: text((value) => /^AC[0-9a-fA-F]{32}$/.test(value), 'must be AC and 32 hex digits'),
    /** Of the account; with `api_key_sid`, that key's secret. */
    auth_token: opaque,
    api_key_sid: opaque.optional(),
    from: opaque.optional(),
    messaging_service_sid: opaque.optional(),
    /** The account's, which signs reports, where `auth_token` is an API key's secret. */
    webhook_auth_token: opaque.optional(),
    /** Where Twilio reports what became of a message: this channel's events address. */
    status_callback: text((value) => URL.canParse(value), 'must be an address').optional(),
    api_url: apiUrl('https://api.twilio.com'),
    payload_overrides: payloadOverrides,
    ...pace,
  })
  .refine(({ from, messaging_service_sid }) => from !== undefined || messaging_service_sid !== undefined, {
    path: ['from'],
    message: 'is missing: a number to send from, or a messaging_service_sid',
  })

/** Of `Body`; what is longer is answered 21617. */
const MOST_CHARACTERS = 1_600

/** The login is wrong or lacks the permission, and the account is not active: an operator mends these. */
const ABOUT_THE_ACCOUNT = new Set([20003, 20005])

/**
 * Twilio's Messages resource: https://www.twilio.com/docs/messaging/api/message-resource. It has no idempotency key, so what
 * was not answered is not repeated. Logs in with the account's token, or with an API key and its secret.
 */
export const twilio = apiProvider<SmsContent, typeof settings>({
  settings,
  async send({ message, settings, post, links, fill }) {
    const to = phoneNumber(message)
    const { account_sid: account, messaging_service_sid: service, from } = settings
    const { body: text, told } = trackedText(message, links)
    fill({ to, ...told })
    const form = new URLSearchParams({ To: to, Body: text })
    if (service !== undefined) form.set('MessagingServiceSid', service)
    if (from !== undefined) form.set('From', from)
    if (settings.status_callback !== undefined)
      form.set('StatusCallback', callbackOf(settings.status_callback, message.messageId))
    const overrides = laidOver({}, settings.payload_overrides, message.content.payload_overrides)
    for (const [name, value] of Object.entries(overrides))
      form.set(name, typeof value === 'string' ? value : JSON.stringify(value))
    const body = { field: 'text_body', size: charactersOf(form.get('Body')), unit: 'characters' } as const
    atMost({ ...body, provider: 'Twilio', most: MOST_CHARACTERS })
    const login = `${settings.api_key_sid ?? account}:${settings.auth_token}`
    const answer = await post({
      url: `${settings.api_url}/2010-04-01/Accounts/${encodeURIComponent(account)}/Messages.json`,
      headers: { authorization: `Basic ${Buffer.from(login).toString('base64')}` },
      body: form,
    })
    const { sid, code, message: words } = jsonOf(answer)
    if (answer.status === 201) return { kind: 'sent', ...(typeof sid === 'string' && { externalId: sid }) }
    // Whatever status comes with them.
    if (answer.status >= 400 && typeof code === 'number' && ABOUT_THE_ACCOUNT.has(code))
      return notTaken(answer, ['answered', answer.status, code, words].join(' '))
    return refusal(answer, code, words)
  },
})

/** The reports of a message name it by its address; a fragment tells Twilio how to connect, such as how often. */
function callbackOf(given: string, messageId: string): string {
  const [address = ''] = given.split('#', 1)
  return `${address}${address.includes('?') ? '&' : '?'}message_id=${messageId}${given.slice(address.length)}`
}
