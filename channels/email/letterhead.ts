import { isEmailAddress } from '../../resources/contact.ts'
import type { EmailContent } from './content.ts'
import { NotSent, type Outgoing } from '../sender.ts'
import { parseAddress, parseAddressList, type EmailAddress } from './email-address.ts'

/** Whom an e-mail comes from and goes to. */
export interface Letterhead {
  from: EmailAddress
  to: EmailAddress[]
  cc: EmailAddress[]
  bcc: EmailAddress[]
  replyTo: EmailAddress[]
}

/** The channel's own addresses: lists with commas, but for `from`. */
export interface ChannelAddresses {
  from?: string | undefined
  from_name?: string | undefined
  to?: string | undefined
  cc?: string | undefined
  bcc?: string | undefined
  reply_to?: string | undefined
}

/** Addresses of one e-mail, all together. */
const MOST = 50

/**
 * The step's addresses come first, then the channel's, then the recipient's own `email` and BELAY_EMAIL_FROM. An override
 * that came out empty says nothing. Throws NotSent, naming the address that is none.
 */
export function letterheadOf(
  { content, recipient }: Outgoing<EmailContent>,
  channel: ChannelAddresses & { key: string },
  defaultFrom: string | undefined,
): Letterhead {
  const step = content.settings ?? {}
  const list = (name: 'cc' | 'bcc' | 'reply_to') => listOf(name, step[name] ?? channel[name])
  const to = step.to ?? channel.to
  const letterhead = {
    from: senderOf(step, channel, defaultFrom),
    to: to === undefined ? [ownAddress(recipient.properties)] : listOf('to', to),
    cc: list('cc'),
    bcc: list('bcc'),
    replyTo: list('reply_to'),
  }
  if (letterhead.to.length + letterhead.cc.length + letterhead.bcc.length > MOST)
    throw new NotSent(`to, cc and bcc are more than ${MOST} addresses`)
  return letterhead
}

function senderOf(
  step: { from?: string; from_name?: string },
  channel: ChannelAddresses & { key: string },
  defaultFrom: string | undefined,
): EmailAddress {
  const text = step.from ?? channel.from ?? defaultFrom
  if (text === undefined)
    throw new NotSent(`no sender: set BELAY_EMAIL_FROM, or settings.from of channel ${channel.key}`)
  const from = parseAddress(text)
  if (from === undefined) throw new NotSent(`from must be one address, such as Name <name@example.com>; it is ${text}`)
  const own = step.from === undefined ? '' : from.name
  return { ...from, name: step.from_name ?? (own || channel.from_name || from.name) }
}

function ownAddress({ email, name }: Record<string, unknown>): EmailAddress {
  if (email === undefined || email === null || email === '') throw new NotSent('the recipient has no email')
  if (typeof email !== 'string' || !isEmailAddress(email)) throw new NotSent("the recipient's email is not an address")
  // Encoded, a break would forge no header here, but might where somebody decodes it.
  return { name: typeof name === 'string' ? name.replace(/[\s\p{Cc}]+/gu, ' ').trim() : '', address: email }
}

function listOf(name: string, text: string | undefined): EmailAddress[] {
  if (text === undefined) return []
  const list = parseAddressList(text)
  if (list !== undefined) return list
  throw new NotSent(
    `${name} must be addresses with commas between them, such as a@example.com, B <b@example.com>; it is ${text}`,
  )
}
