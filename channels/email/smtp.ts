import type { Channel } from '../../definitions/catalog.ts'
import type { Settings } from '../../settings/settings.ts'
import type { EmailContent } from '../../templates/content.ts'
import { emailSettings } from '../channel-settings.ts'
import { readChannelSettings } from '../read-settings.ts'
import { NotSent, notSent, type Attempt, type Outgoing, type Sender, type SendResult } from '../sender.ts'
import { compose, type Letterhead } from './compose.ts'
import { isEmailAddress } from '../../resources/contact.ts'
import { parseAddress, type EmailAddress } from './email-address.ts'
import { longestSend, SMTP_LIMITS, type SmtpLimits } from './smtp-limits.ts'
import { SmtpPool } from './smtp-pool.ts'

/** To a server from one worker; a send must not wait for one, so never fewer than sends at once. */
const CONNECTIONS = 10

/** A URL that fixes its pool's size itself. */
const SIZES_ITS_POOL = /[?&]maxConnections=/

export type EmailDefaults = Pick<Settings, 'SMTP_URL' | 'BELAY_EMAIL_FROM'>

/**
 * E-mail over SMTP, to the channel's `smtp_url`, else SMTP_URL. Channels share a server's pool of connections, but for one
 * with more sends at once than it holds. A repeat is never harmless: no server drops one by its Message-ID.
 */
export function createEmailSender(
  defaults: EmailDefaults,
  env: NodeJS.ProcessEnv,
  limits: SmtpLimits = SMTP_LIMITS,
): Sender<EmailContent> {
  const pools = new Map<string, SmtpPool>()

  function poolOf(url: string, connections: number): SmtpPool {
    const key = SIZES_ITS_POOL.test(url) ? url : `${connections} ${url}`
    const pool = pools.get(key) ?? new SmtpPool(url, connections, limits)
    pools.set(key, pool)
    return pool
  }

  async function send(email: Outgoing<EmailContent>, channel: Channel, attempt: Attempt): Promise<SendResult> {
    const { smtpUrl, connections, from, to, replyTo } = address(email, channel, defaults, env)
    const mail = await compose(email.messageId, { from, to, replyTo }, email.content)
    const result = await poolOf(smtpUrl, connections).send(mail, attempt)
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

interface Addressed extends Letterhead {
  smtpUrl: string
  connections: number
}

function address(
  email: Outgoing<EmailContent>,
  channel: Channel,
  defaults: EmailDefaults,
  env: NodeJS.ProcessEnv,
): Addressed {
  const settings = readChannelSettings(emailSettings, channel, env)
  const smtpUrl = settings.smtp_url ?? defaults.SMTP_URL
  if (smtpUrl === undefined) throw new NotSent(`no SMTP server: set SMTP_URL, or smtp_url of channel ${channel.key}`)
  const from = settings.from ?? defaults.BELAY_EMAIL_FROM
  if (from === undefined) throw new NotSent(`no sender: set BELAY_EMAIL_FROM, or from of channel ${channel.key}`)
  const { email: to, name } = email.recipient.properties
  if (to === undefined || to === null || to === '') throw new NotSent('the recipient has no email')
  if (typeof to !== 'string' || !isEmailAddress(to)) throw new NotSent("the recipient's email is not an address")
  return {
    smtpUrl,
    connections: Math.max(settings.concurrency ?? 0, CONNECTIONS),
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
