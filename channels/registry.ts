import { z } from 'zod'
import type { ChannelType } from '../definitions/step.ts'
import type {
  ChatContent,
  EmailContent,
  FeedContent,
  HttpContent,
  PushContent,
  SmsContent,
} from '../templates/content.ts'
import { discord } from './chat/discord.ts'
import { slack } from './chat/slack.ts'
import { teams } from './chat/teams.ts'
import { mailgun, postmark, resend, sendgrid, ses } from './email/smtp-presets.ts'
import { smtp, smtpProvider } from './email/smtp.ts'
import { httpProvider } from './http/request-sender.ts'
import type { Provider } from './provider.ts'
import { apns } from './push/apns.ts'
import { expo } from './push/expo.ts'
import { fcm } from './push/fcm.ts'
import { webpush } from './push/web-push.ts'
import { twilio } from './sms/twilio.ts'
import { vonage } from './sms/vonage.ts'

/** What a message of each channel type is. */
export interface Contents {
  in_app_feed: FeedContent
  email: EmailContent
  http: HttpContent
  sms: SmsContent
  push: PushContent
  chat: ChatContent
}

/** Channel types whose messages leave through a provider. An in-app message is its row. */
export type SendingType = Exclude<ChannelType, 'in_app_feed'>

interface ChannelTypeEntry<Content> {
  /** The channel of the type where channels.json has none. `provider` null: nobody carries its messages then. */
  fallback: { key: string; name: string; provider: string | null }
  providers: Readonly<Record<string, Provider<Content>>>
}

/** A row in the store is all there is to an in-app message. */
const rows: Provider<FeedContent> = {
  settings: z.strictObject({}),
  create: () => {
    throw new TypeError('an in-app message is its row: nothing sends it')
  },
}

/**
 * Every channel type with its providers. A type that is missing here does not compile; a provider is its file and one line.
 */
export const channelTypeRegistry: { readonly [Type in ChannelType]: ChannelTypeEntry<Contents[Type]> } = {
  in_app_feed: {
    fallback: { key: 'in-app-feed', name: 'In-app feed', provider: 'belay' },
    providers: { belay: rows },
  },
  email: {
    fallback: { key: 'email', name: 'Email', provider: 'smtp' },
    providers: {
      smtp: smtpProvider(smtp),
      ses: smtpProvider(ses),
      sendgrid: smtpProvider(sendgrid),
      postmark: smtpProvider(postmark),
      resend: smtpProvider(resend),
      mailgun: smtpProvider(mailgun),
    },
  },
  http: {
    fallback: { key: 'http', name: 'HTTP', provider: 'http' },
    providers: { http: httpProvider },
  },
  sms: {
    fallback: { key: 'sms', name: 'SMS', provider: null },
    providers: { twilio, vonage },
  },
  push: {
    fallback: { key: 'push', name: 'Push', provider: null },
    providers: { fcm, apns, expo, webpush },
  },
  chat: {
    fallback: { key: 'chat', name: 'Chat', provider: null },
    providers: { slack, discord, teams },
  },
}

/** `provider` of a channel that nobody carries. */
export const NO_PROVIDER = 'none'
