import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'

export interface ReceivedMail {
  from: string
  to: string[]
  /** As it came over the wire. */
  raw: string
}

export interface SmtpReceiver {
  url: string
  mails: ReceivedMail[]
  /** Connections it has taken so far. */
  connections: number
  close(): Promise<void>
}

/** A real SMTP server on a free port that keeps what it gets; `options` let it refuse. */
export async function smtpReceiver(options: SMTPServerOptions = {}): Promise<SmtpReceiver> {
  const receiver: SmtpReceiver = { url: '', mails: [], connections: 0, close }
  const server = new SMTPServer({
    authOptional: true,
    disableReverseLookup: true,
    disabledCommands: ['STARTTLS'],
    closeTimeout: 100,
    onConnect(_session, done) {
      receiver.connections += 1
      done()
    },
    onData(stream, { envelope }, done) {
      void text(stream).then((raw) => {
        receiver.mails.push({
          from: envelope.mailFrom === false ? '' : envelope.mailFrom.address,
          to: envelope.rcptTo.map(({ address }) => address),
          raw,
        })
        done(null, 'queued as 4F2A')
      })
    },
    ...options,
  })
  // A sender that gives up resets its connection.
  server.on('error', () => undefined)
  const listener = server.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  receiver.url = `smtp://127.0.0.1:${(listener.address() as AddressInfo).port}`

  async function close(): Promise<void> {
    await new Promise<void>((resolve) => server.close(resolve))
  }
  return receiver
}

/** What an SMTP server answers with to refuse. */
export function smtpReply(responseCode: number, message: string): Error {
  return Object.assign(new Error(message), { responseCode })
}
