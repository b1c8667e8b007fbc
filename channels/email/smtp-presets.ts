import { z } from 'zod'
import { opaque, text } from '../settings.ts'
import { laidOver } from '../payload-overrides.ts'
import { asHeaders, header, named, pairsOf, type MailHeaders } from './json-overrides.ts'
import { emailSettings, smtpService } from './smtp.ts'

/** Mail services over SMTP: where their servers are, and what a login is made of. */

/** https://docs.aws.amazon.com/ses/latest/dg/send-email-smtp.html: SMTP credentials, which are not the account's keys. */
export const ses = smtpService({
  settings: z.strictObject({
    region: text((value) => /^[a-z]{2}(-[a-z]+)+-\d$/.test(value), 'must be a region, such as eu-west-1'),
    smtp_user: opaque,
    smtp_password: opaque,
    configuration_set: opaque.optional(),
    /** The topic that reports come through. */
    sns_topic_arn: opaque.optional(),
    ...emailSettings,
  }),
  url: (settings) =>
    server(`email-smtp.${settings.region}.amazonaws.com:587`, settings.smtp_user, settings.smtp_password),
  headers: (messageId, { configuration_set: name }): Record<string, string> =>
    name === undefined
      ? {}
      : { 'X-SES-CONFIGURATION-SET': name, 'X-SES-MESSAGE-TAGS': `belay_message_id=${messageId}` },
  overrides: {
    ConfigurationSetName: (value) => header('X-SES-CONFIGURATION-SET', value),
    EmailTags: sesTags,
    Tags: sesTags,
  },
})

/** https://www.twilio.com/docs/sendgrid/for-developers/sending-email/integrating-with-the-smtp-api */
export const sendgrid = smtpService({
  settings: z.strictObject({ api_key: opaque, webhook_public_key: opaque.optional(), ...emailSettings }),
  url: ({ api_key }) => server('smtp.sendgrid.net:587', 'apikey', api_key),
  headers: (messageId) => ({ 'X-SMTPAPI': JSON.stringify({ unique_args: { belay_message_id: messageId } }) }),
  overrides: {
    custom_args: (value, own) => smtpApi(own, { unique_args: value }),
    categories: (value, own) => smtpApi(own, { category: value }),
    asm: (value, own) => smtpApi(own, { asm_group_id: (value as { group_id?: unknown } | null)?.group_id }),
    send_at: (value, own) => smtpApi(own, { send_at: value }),
    ip_pool_name: (value, own) => smtpApi(own, { ip_pool: value }),
  },
})

/** https://postmarkapp.com/developer/user-guide/send-email-with-smtp: the server's token is user and password. */
export const postmark = smtpService({
  settings: z.strictObject({
    server_token: opaque,
    message_stream: opaque.optional(),
    webhook_secret: opaque.optional(),
    ...emailSettings,
  }),
  url: ({ server_token }) => server('smtp.postmarkapp.com:587', server_token, server_token),
  headers: (messageId, { message_stream: stream }) => ({
    'X-PM-Metadata-belay-message-id': messageId,
    'X-PM-KeepID': 'true',
    ...(stream !== undefined && { 'X-PM-Message-Stream': stream }),
  }),
  overrides: {
    Tag: (value) => header('X-PM-Tag', value),
    MessageStream: (value) => header('X-PM-Message-Stream', value),
    TrackOpens: (value) => header('X-PM-TrackOpens', value),
    TrackLinks: (value) => header('X-PM-TrackLinks', value),
    Metadata: (value) => named(value, (name) => `X-PM-Metadata-${name}`),
  },
})

/** https://resend.com/docs/send-with-smtp. Resend drops a repeat by the Resend-Idempotency-Key within 24 hours. */
export const resend = smtpService({
  settings: z.strictObject({ api_key: opaque, webhook_secret: opaque.optional(), ...emailSettings }),
  url: ({ api_key }) => server('smtp.resend.com:465', 'resend', api_key, 'smtps'),
  headers: (messageId) => ({ 'Resend-Idempotency-Key': messageId }),
})

/** https://documentation.mailgun.com/docs/mailgun/user-manual/sending-messages/send-smtp */
export const mailgun = smtpService({
  settings: z.strictObject({
    smtp_login: opaque,
    smtp_password: opaque,
    region: z.enum(['us', 'eu']).default('us'),
    webhook_signing_key: opaque.optional(),
    ...emailSettings,
  }),
  url: ({ region, smtp_login, smtp_password }) =>
    server(region === 'eu' ? 'smtp.eu.mailgun.org:587' : 'smtp.mailgun.org:587', smtp_login, smtp_password),
  headers: (messageId) => ({ 'X-Mailgun-Variables': JSON.stringify({ belay_message_id: messageId }) }),
  overrides: {
    'o:tag': (value) =>
      Array.isArray(value) ? { 'X-Mailgun-Tag': value.map(String) } : header('X-Mailgun-Tag', value),
    'o:tracking': (value) => header('X-Mailgun-Track', value),
    'o:tracking-clicks': (value) => header('X-Mailgun-Track-Clicks', value),
    'o:tracking-opens': (value) => header('X-Mailgun-Track-Opens', value),
    'o:deliverytime': (value) => header('X-Mailgun-Deliver-By', value),
    'h:': (value, own, name) => asHeaders({ [name]: value }, own),
    'v:': (value, own, name) => ({
      'X-Mailgun-Variables': laidOverJson(own['X-Mailgun-Variables'], { [name]: value }),
    }),
  },
})

/** SendGrid reads its own fields from one header of JSON. What names the message for reports stays. */
function smtpApi(own: MailHeaders, fields: Record<string, unknown>): MailHeaders | null {
  const given = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
  if (Object.keys(given).length === 0) return null
  return { 'X-SMTPAPI': laidOverJson(own['X-SMTPAPI'], given) }
}

function laidOverJson(own: string | string[] | undefined, fields: Record<string, unknown>): string {
  const before = JSON.parse(String(own ?? '{}')) as object
  return ascii(JSON.stringify(laidOver(fields, before)))
}

/** JSON in a header stays readable there: beyond ASCII it is escaped. */
function ascii(json: string): string {
  return json.replace(/[^\x20-\x7e]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** `[{Name, Value}]` beside the tag that names the message. */
function sesTags(value: unknown, own: MailHeaders): MailHeaders | null {
  const tags = Object.entries(pairsOf(value) ?? {})
  if (tags.length === 0 || !tags.every((tag) => tag.every((part) => /^[\w-]{1,256}$/.test(String(part))))) return null
  const before = own['X-SES-MESSAGE-TAGS'] ?? []
  return { 'X-SES-MESSAGE-TAGS': [before, tags.map(([name, text]) => `${name}=${String(text)}`)].flat(2).join(', ') }
}

/** A login never goes over a connection that is not encrypted. */
function server(host: string, user: string, password: string, scheme: 'smtp' | 'smtps' = 'smtp'): string {
  return `${scheme}://${encodeURIComponent(user)}:${encodeURIComponent(password)}@${host}?requireTLS=true`
}
