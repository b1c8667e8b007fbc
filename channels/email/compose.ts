import MailComposer from 'nodemailer/lib/mail-composer'
import type { EmailContent } from './content.ts'
import type { Attachment } from './attachments.ts'
import type { Letterhead } from './letterhead.ts'
import type { SmtpMail } from './smtp-session.ts'

/** What stands around an e-mail's own text. */
export interface Enclosed {
  attachments: readonly Attachment[]
  headers: Record<string, string | string[]>
}

/** The message as it goes over the wire. Its Message-ID is the same at every try; the Date is that of the try. */
export async function compose(
  messageId: string,
  { from, to, cc, bcc, replyTo }: Letterhead,
  content: Pick<EmailContent, 'subject_line' | 'html_body' | 'text_body'>,
  { attachments, headers }: Enclosed,
): Promise<SmtpMail> {
  const node = new MailComposer({
    from,
    to,
    cc,
    // Of the envelope alone: the header is not written.
    bcc,
    replyTo,
    subject: content.subject_line,
    html: content.html_body,
    text: content.text_body ?? undefined,
    attachments: attachments.map(({ name, contentType, contentId, content: bytes }) => ({
      filename: name,
      contentType,
      content: bytes,
      ...(contentId !== null && { cid: contentId, contentDisposition: 'inline' as const }),
    })),
    messageId: `<${messageId}@${from.address.split('@')[1]!}>`,
    headers: { 'X-Belay-Message-ID': messageId, 'Auto-Submitted': 'auto-generated', ...headers },
    disableFileAccess: true,
    disableUrlAccess: true,
  }).compile()
  // Domains in ASCII, but for an address whose local part is not: that needs a server that takes it as it is.
  const envelope = node.getEnvelope()
  return { from: String(envelope.from), to: envelope.to.map(String), raw: await node.build() }
}
