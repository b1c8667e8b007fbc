import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import type { Logger } from 'pino'
import PostalMime from 'postal-mime'
import { SMTPServer, type SMTPServerDataStream } from 'smtp-server'
import { MAIL_BYTES, type MailBox } from './mail-box.ts'

/** The sender of caught mails where BELAY_EMAIL_FROM names none. */
export const CAUGHT_FROM = 'Belay <notify@belay.example>'

export interface SmtpCatcher {
  /** As SMTP_URL takes it. */
  url: string
  close(): Promise<void>
}

/** An SMTP server on a free port of this host that puts what it is given into `box` and passes nothing on. */
export async function startSmtpCatcher(box: MailBox, log: Logger): Promise<SmtpCatcher> {
  const server = new SMTPServer({
    authOptional: true,
    disableReverseLookup: true,
    hideSTARTTLS: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    size: MAIL_BYTES,
    maxClients: 100,
    closeTimeout: 500,
    onData(stream, { envelope }, done) {
      const take = async () => {
        const raw = await contentOf(stream)
        if (raw === undefined) throw Object.assign(new Error('the mail is too large'), { responseCode: 552 })
        const { id } = box.add({
          receivedAt: new Date(),
          from: envelope.mailFrom === false ? '' : envelope.mailFrom.address,
          to: envelope.rcptTo.map(({ address }) => address),
          subject: await subjectOf(raw),
          raw,
        })
        return `kept as ${id}`
      }
      take().then((said) => done(null, said), done)
    },
  })
  // A client that goes away in the middle is no fault of ours.
  server.on('error', (error) => log.debug({ err: error }, 'a connection to the mail catcher failed'))
  const listener = server.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  return {
    url: `smtp://127.0.0.1:${(listener.address() as AddressInfo).port}`,
    close: () => new Promise<void>((resolve) => server.close(resolve)),
  }
}

async function subjectOf(raw: Buffer): Promise<string> {
  try {
    return (await PostalMime.parse(raw)).subject || '(no subject)'
  } catch {
    return '(cannot be read)'
  }
}

/** Reads to the end, as the protocol wants; undefined where it was too large to be kept. */
async function contentOf(stream: SMTPServerDataStream): Promise<Buffer | undefined> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes <= MAIL_BYTES) chunks.push(chunk)
  }
  return bytes > MAIL_BYTES || stream.sizeExceeded ? undefined : Buffer.concat(chunks)
}
