import { z } from 'zod'
import { opaque, text } from '../settings.ts'
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
})

/** https://www.twilio.com/docs/sendgrid/for-developers/sending-email/integrating-with-the-smtp-api */
export const sendgrid = smtpService({
  settings: z.strictObject({ api_key: opaque, webhook_public_key: opaque.optional(), ...emailSettings }),
  url: ({ api_key }) => server('smtp.sendgrid.net:587', 'apikey', api_key),
  headers: (messageId) => ({ 'X-SMTPAPI': JSON.stringify({ unique_args: { belay_message_id: messageId } }) }),
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
})

/** A login never goes over a connection that is not encrypted. */
function server(host: string, user: string, password: string, scheme: 'smtp' | 'smtps' = 'smtp'): string {
  return `${scheme}://${encodeURIComponent(user)}:${encodeURIComponent(password)}@${host}?requireTLS=true`
}
