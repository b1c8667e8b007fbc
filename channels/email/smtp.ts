import nodemailer from 'nodemailer'
import type { Channel } from '../../definitions/catalog.ts'
import type { Settings } from '../../settings/settings.ts'
import type { EmailContent } from '../../templates/content.ts'
import { emailSettings } from '../channel-settings.ts'
import { readChannelSettings } from '../read-settings.ts'
import { NotSent, notSent, oneLine, type Outgoing, type Sender, type SendResult } from '../sender.ts'
import { withDeadline } from '../deadline.ts'
import { isEmailAddress, parseAddress, type EmailAddress } from './email-address.ts'

/** All of a send, its wait in the pool's queue included: no send may outlive its claim, which a silence of 10 s frees. */
const DEADLINE_MS = 7_500

/** To a server from one worker; a claimed send must not wait for one, so never fewer than sends at once. */
const CONNECTIONS = 10

/** A URL that fixes its pool's size itself. */
const SIZES_ITS_POOL = /[?&]maxConnections=/

export type EmailDefaults = Pick<Settings, 'SMTP_URL' | 'BELAY_EMAIL_FROM'>

type Pool = ReturnType<typeof openPool>

/**
 * E-mail over SMTP, to the channel's `smtp_url`, else SMTP_URL. Channels share a server's pool of connections, but for one
 * with more sends at once than it holds.
 */
export function createEmailSender(defaults: EmailDefaults, env: NodeJS.ProcessEnv): Sender<EmailContent> {
  const pools = new Map<string, Pool>()

  function poolOf(url: string, connections: number): Pool {
    const key = SIZES_ITS_POOL.test(url) ? url : `${connections} ${url}`
    const pool = pools.get(key) ?? openPool(url, connections)
    pools.set(key, pool)
    return pool
  }

  async function send(email: Outgoing<EmailContent>, channel: Channel, signal: AbortSignal): Promise<SendResult> {
    const { smtpUrl, connections, from, to, replyTo } = address(email, channel, defaults, env)
    const filled = { to: to.address, from: from.address, reply_to: replyTo?.address ?? null }
    const mail = {
      from,
      to,
      replyTo,
      subject: email.content.subject_line,
      html: email.content.html_body,
      text: email.content.text_body ?? undefined,
      messageId: `<${email.messageId}@${from.address.split('@')[1]!}>`,
      headers: { 'X-Belay-Message-ID': email.messageId, 'Auto-Submitted': 'auto-generated' },
    }
    try {
      const pool = poolOf(smtpUrl, connections)
      const info = await withDeadline(signal, DEADLINE_MS, (limit) => pool.sendMail({ ...mail, signal: limit }))
      return { kind: 'sent', externalId: oneLine(info.response), filled }
    } catch (error) {
      return { ...failure(error as SmtpError), filled }
    }
  }

  return {
    concurrency: 5,
    send: (email, channel, signal) => send(email, channel, signal).catch(notSent),
    close() {
      for (const pool of pools.values()) pool.close()
      return Promise.resolve()
    },
  }
}

/** Options in the URL (`?maxConnections=2`, `?requireTLS=true`) win over these. */
function openPool(url: string, connections: number) {
  const pool = nodemailer.createTransport({
    url,
    pool: true,
    maxConnections: connections,
    connectionTimeout: 3_000,
    greetingTimeout: 3_000,
    // How long an idle connection is kept; a stalled send has met the deadline long before.
    socketTimeout: 30_000,
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  // A connection that breaks while nobody sends; a send under way is told by its own error.
  pool.on('error', () => undefined)
  return pool
}

interface Addressed {
  smtpUrl: string
  connections: number
  from: EmailAddress
  to: EmailAddress
  replyTo: EmailAddress | undefined
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

interface SmtpError extends Error {
  /** Nodemailer's own: EENVELOPE and EMESSAGE speak of this message, all others of the way to the server. */
  code?: string
  responseCode?: number
  /** The server's reply. */
  response?: string
}

/**
 * Replies that speak of the session, not of the message: out of order, and the ways to say that our login is missing or
 * wrong. Like a refused login itself they are retried: an operator fixes them, and the message is as good as before.
 */
const ABOUT_THE_SESSION = new Set([503, 530, 534, 535, 538])

function failure({ code, responseCode, response, message, cause }: SmtpError): SendResult {
  const reason = oneLine(response ?? (cause instanceof Error ? `${message}: ${cause.message}` : message))
  const aboutMessage = code === 'EENVELOPE' || code === 'EMESSAGE'
  // Without a reply the message was refused on this side, against what the server had announced (its size, its address).
  const permanent = responseCode === undefined || (responseCode >= 500 && !ABOUT_THE_SESSION.has(responseCode))
  return { kind: aboutMessage && permanent ? 'undelivered' : 'retry', reason }
}
