import { z } from 'zod'
import type { Channel } from '../../definitions/catalog.ts'
import type { EmailContent } from '../../templates/content.ts'
import type { ChannelDefaults, Provider } from '../provider.ts'
import { readChannelSettings } from '../read-settings.ts'
import { NotSent, notSent, type Attempt, type Outgoing, type Sender, type SendResult } from '../sender.ts'
import { pace, text } from '../settings.ts'
import { compose, type Letterhead } from './compose.ts'
import { isEmailAddress } from '../../resources/contact.ts'
import { parseAddress, type EmailAddress } from './email-address.ts'
import { longestSend, SMTP_LIMITS, type SmtpLimits } from './smtp-limits.ts'
import { SmtpPool } from './smtp-pool.ts'
import { isSmtpUrl, SMTP_URL_FORM } from './smtp-url.ts'

/** To a server from one worker; a send must not wait for one, so never fewer than sends at once. */
const CONNECTIONS = 10

/** A URL that fixes its pool's size itself. */
const SIZES_ITS_POOL = /[?&]maxConnections=/

export type EmailDefaults = Pick<ChannelDefaults, 'SMTP_URL' | 'BELAY_EMAIL_FROM'>

const address = text(
  (value) => parseAddress(value) !== undefined,
  'must be one address, such as Name <name@example.com>',
)

/** Settings of every e-mail channel. */
export const emailSettings = { from: address.optional(), reply_to: address.optional(), ...pace }

export interface EmailSettings {
  from?: string | undefined
  reply_to?: string | undefined
  concurrency?: number | undefined
}

/** How a provider is reached over SMTP. */
export interface SmtpService<Given extends EmailSettings> {
  settings: z.ZodType<Given>
  /** The server's URL; undefined: SMTP_URL. */
  url(settings: Given): string | undefined
  /** Headers by which the provider's reports name the message. */
  headers?(messageId: string, settings: Given): Record<string, string>
}

/** Any SMTP server. */
export const smtp: SmtpService<EmailSettings & { smtp_url?: string | undefined }> = {
  settings: z.strictObject({ smtp_url: text(isSmtpUrl, SMTP_URL_FORM).optional(), ...emailSettings }),
  url: ({ smtp_url }) => smtp_url,
}

/** Types a service by its settings. */
export const smtpService = <Given extends EmailSettings>(service: SmtpService<Given>): SmtpService<Given> => service

export function smtpProvider<Given extends EmailSettings>(service: SmtpService<Given>): Provider<EmailContent> {
  return {
    settings: service.settings,
    create: ({ defaults, env }) => createEmailSender(defaults, env, SMTP_LIMITS, service),
  }
}

/**
 * E-mail over SMTP, to the channel's own server, else SMTP_URL. Channels share a server's pool of connections, but for one
 * with more sends at once than it holds. A repeat is never harmless: no server drops one by its Message-ID.
 */
export function createEmailSender<Given extends EmailSettings>(
  defaults: EmailDefaults,
  env: NodeJS.ProcessEnv,
  limits: SmtpLimits = SMTP_LIMITS,
  service: SmtpService<Given> = smtp as SmtpService<EmailSettings> as SmtpService<Given>,
): Sender<EmailContent> {
  const pools = new Map<string, SmtpPool>()

  function poolOf(url: string, connections: number): SmtpPool {
    const key = SIZES_ITS_POOL.test(url) ? url : `${connections} ${url}`
    const pool = pools.get(key) ?? new SmtpPool(url, connections, limits)
    pools.set(key, pool)
    return pool
  }

  async function send(email: Outgoing<EmailContent>, channel: Channel, attempt: Attempt): Promise<SendResult> {
    const settings = readChannelSettings(service.settings, channel, env)
    const url = service.url(settings) ?? defaults.SMTP_URL
    if (url === undefined) throw new NotSent(`no SMTP server: set SMTP_URL, or smtp_url of channel ${channel.key}`)
    const letterhead = letterheadOf(email, settings, channel, defaults)
    const { from, to, replyTo } = letterhead
    const mail = await compose(email.messageId, letterhead, email.content, service.headers?.(email.messageId, settings))
    const connections = Math.max(settings.concurrency ?? 0, CONNECTIONS)
    const result = await poolOf(url, connections).send(mail, attempt)
    return { ...result, filled: { to: to.address, from: from.address, reply_to: replyTo?.address ?? null } }
  }

  return {
    concurrency: 5,
    // Twice, since an idle connection may turn out to be dead.
    timeoutMs: longestSend(limits) + limits.command + limits.probe,
    send: (email, channel, attempt) => send(email, channel, attempt).catch(notSent),
    close() {
      for (const pool of pools.values()) pool.close()
      return Promise.resolve()
    },
  }
}

function letterheadOf(
  email: Outgoing<EmailContent>,
  settings: EmailSettings,
  channel: Channel,
  defaults: EmailDefaults,
): Letterhead {
  const from = settings.from ?? defaults.BELAY_EMAIL_FROM
  if (from === undefined) throw new NotSent(`no sender: set BELAY_EMAIL_FROM, or from of channel ${channel.key}`)
  const { email: to, name } = email.recipient.properties
  if (to === undefined || to === null || to === '') throw new NotSent('the recipient has no email')
  if (typeof to !== 'string' || !isEmailAddress(to)) throw new NotSent("the recipient's email is not an address")
  return {
    from: oneAddress('from', from),
    to: { name: typeof name === 'string' ? name : '', address: to },
    replyTo: settings.reply_to === undefined ? undefined : oneAddress('reply_to', settings.reply_to),
  }
}

function oneAddress(field: string, text: string): EmailAddress {
  const parsed = parseAddress(text)
  if (parsed === undefined)
    throw new NotSent(`${field} must be one address, such as Name <name@example.com>; it is ${text}`)
  return parsed
}
