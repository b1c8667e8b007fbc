import { domainToASCII } from 'node:url'
import { z } from 'zod'
import type { Channel } from '../../definitions/catalog.ts'
import type { EmailContent } from './content.ts'
import type { ChannelDefaults, Provider } from '../provider.ts'
import { readChannelSettings } from '../read-settings.ts'
import { NotSent, notSent, oneLine, type Attempt, type Outgoing, type Sender, type SendResult } from '../sender.ts'
import { pace, text, textOrLiquid } from '../settings.ts'
import { attachmentsOf, type Attachment } from './attachments.ts'
import { compose } from './compose.ts'
import { withOverrides, type FieldHeaders } from './json-overrides.ts'
import { parseAddress, parseAddressList, type EmailAddress } from './email-address.ts'
import { Links } from '../links.ts'
import { withLinks } from './with-links.ts'
import { letterheadOf, type ChannelAddresses, type Letterhead } from './letterhead.ts'
import { longestSend, SMTP_LIMITS, type SmtpLimits } from './smtp-limits.ts'
import { SmtpPool } from './smtp-pool.ts'
import { isSmtpUrl, SMTP_URL_FORM } from './smtp-url.ts'

/** To a server from one worker; a send must not wait for one, so never fewer than sends at once. */
const CONNECTIONS = 10

/** A URL that fixes its pool's size itself. */
const SIZES_ITS_POOL = /[?&]maxConnections=/

export type EmailDefaults = Pick<
  ChannelDefaults,
  'SMTP_URL' | 'BELAY_EMAIL_FROM' | 'BELAY_PUBLIC_URL' | 'BELAY_LINK_SECRET'
>

const address = textOrLiquid(
  (value) => parseAddress(value) !== undefined,
  'must be one address, such as Name <name@example.com>',
)

const addresses = textOrLiquid(
  (value) => parseAddressList(value) !== undefined,
  'must be addresses with commas between them, such as a@example.com, B <b@example.com>',
).optional()

/** Settings of every e-mail channel. */
export const emailSettings = {
  from: address.optional(),
  from_name: textOrLiquid((value) => !/[\r\n]/.test(value), 'must be one line').optional(),
  reply_to: addresses,
  /** In the place of the recipient's own address. */
  to: addresses,
  cc: addresses,
  bcc: addresses,
  link_tracking: z.boolean().optional(),
  open_tracking: z.boolean().optional(),
  ...pace,
}

export interface EmailSettings extends ChannelAddresses {
  link_tracking?: boolean | undefined
  open_tracking?: boolean | undefined
  concurrency?: number | undefined
}

/** How a provider is reached over SMTP. */
export interface SmtpService<Given extends EmailSettings> {
  settings: z.ZodType<Given>
  /** The server's URL; undefined: SMTP_URL. */
  url(settings: Given): string | undefined
  /** Headers by which the provider's reports name the message. */
  headers?(messageId: string, settings: Given): Record<string, string>
  /** Headers that stand for fields of the provider's API, beside `headers` above. */
  overrides?: FieldHeaders
}

/** Any SMTP server. */
export const smtp: SmtpService<EmailSettings & { smtp_url?: string | undefined }> = {
  settings: z.strictObject({ smtp_url: text(isSmtpUrl, SMTP_URL_FORM).optional(), ...emailSettings }),
  url: ({ smtp_url }) => smtp_url,
}

/** Types a service by its settings. */
export const smtpService = <Given extends EmailSettings>(service: SmtpService<Given>): SmtpService<Given> => service

/** A provider that speaks SMTP to a service, with the settings that it is reached by. */
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
    const letterhead = letterheadOf(email, { ...settings, key: channel.key }, defaults.BELAY_EMAIL_FROM)
    const linked = withLinks(email, settings, Links.of(defaults))
    const own = { ...service.headers?.(email.messageId, settings), ...linked.headers }
    const { headers, told } = withOverrides(own, email.content.settings?.json_overrides, service.overrides)
    const enclosed = { attachments: enclosedIn(email), headers }
    const mail = await compose(email.messageId, letterhead, linked.content, enclosed)
    const connections = Math.max(settings.concurrency ?? 0, CONNECTIONS)
    const { refused = [], ...result } = await poolOf(url, connections).send(mail, attempt)
    const filled = { ...filledBy(letterhead), ...linked.told, ...told }
    if (refused.length === 0) return { ...result, filled }
    const words = refused.map(({ address, response }) => `${address}: ${response}`).join('; ')
    // Copies alone have gone out: whom the message is for has nothing.
    const isMissed = letterhead.to.every(({ address }) => refused.some((each) => isSame(each.address, address)))
    if (isMissed) return { kind: 'refused', reason: oneLine(`copies alone were taken; ${words}`), filled }
    return { ...result, filled: { ...filled, refused: oneLine(words) } }
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

/** Domains stand in ASCII on the wire. */
function isSame(a: string, b: string): boolean {
  const wire = (address: string) => {
    const at = address.lastIndexOf('@') + 1
    return address.slice(0, at) + domainToASCII(address.slice(at))
  }
  return wire(a) === wire(b)
}

function enclosedIn({ content, attachments }: Outgoing<EmailContent>): Attachment[] {
  const key = content.settings?.attachment_key
  if (key === undefined) return []
  if (attachments === undefined) throw new NotSent(`data.${key} holds the attachments no more`)
  return attachmentsOf(attachments, key)
}

function filledBy({ from, to, cc, bcc, replyTo }: Letterhead): Record<string, string | null> {
  const listed = (list: readonly EmailAddress[]) => list.map(({ address }) => address).join(', ')
  return {
    to: listed(to),
    from: from.address,
    reply_to: replyTo.length === 0 ? null : listed(replyTo),
    ...(cc.length > 0 && { cc: listed(cc) }),
    ...(bcc.length > 0 && { bcc: listed(bcc) }),
  }
}
