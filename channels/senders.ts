import type { EmailContent, HttpContent } from '../templates/content.ts'
import type { Sender } from './sender.ts'
import { createEmailSender, type EmailDefaults } from './email/smtp.ts'
import { createHttpSender, type HttpDefaults } from './http/request-sender.ts'

/** One sender a channel type that talks to the outside. In-app messages are rows, and need none. */
export interface Senders {
  email: Sender<EmailContent>
  http: Sender<HttpContent>
  close(): Promise<void>
}

/** `env` answers for the `$NAME`s in channel settings. */
export function createSenders(settings: EmailDefaults & HttpDefaults, env: NodeJS.ProcessEnv = process.env): Senders {
  const email = createEmailSender(settings, env)
  const http = createHttpSender(settings, env)
  return {
    email,
    http,
    async close() {
      await Promise.all([email.close(), http.close()])
    },
  }
}
