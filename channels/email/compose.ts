import MailComposer from 'nodemailer/lib/mail-composer'
import type { EmailContent } from '../../templates/content.ts'
import type { EmailAddress } from './email-address.ts'
import type { SmtpMail } from './smtp-session.ts'

export interface Letterhead {
  from: EmailAddress
  to: EmailAddress
  replyTo: EmailAddress | undefined
}

/** The message as it goes over the wire. Its Message-ID is the same at every try; the Date is that of the try. */
export async function compose(
  messageId: string,
  { from, to, replyTo }: Letterhead,
  content: EmailContent,
  headers: Record<string, string> = {},
): Promise<SmtpMail> {
  const node = new MailComposer({
    from,
    to,
    replyTo,
    subject: content.subject_line,
    html: content.html_body,
    text: content.text_body ?? undefined,
    messageId: `<${messageId}@${from.address.split('@')[1]!}>`,
    headers: { 'X-Belay-Message-ID': messageId, 'Auto-Submitted': 'auto-generated', ...headers },
    disableFileAccess: true,
    disableUrlAccess: true,
  }).compile()
  // Domains in ASCII, but for an address whose local part is not: that needs a server that takes it as it is.
  const envelope = node.getEnvelope()
  return { from: String(envelope.from), to: envelope.to.map(String), raw: await node.build() }
}
