import type { Channel } from '../definitions/catalog.ts'
import type { RecipientReference } from '../store/ids/recipient.ts'

/** One rendered message on its way out. */
export interface Outgoing<Content> {
  /** Stable over every attempt: the far side can drop a repeat by it. */
  messageId: string
  recipient: { reference: RecipientReference; properties: Record<string, unknown> }
  content: Content
}

/**
 * How a send ended. `sent`: the provider has it (`delivered`: and confirmed it). `not_sent`: nothing left this process,
 * for lack of settings or of an address that may be used. `undelivered`: refused for good. `retry`: refused for now.
 * `filled` is what the channel added to the content (an e-mail's to, from and reply_to), to be kept with it.
 */
export type SendResult = { filled?: Record<string, string | null> } & (
  { kind: 'sent' | 'delivered'; externalId?: string } | { kind: 'not_sent' | 'undelivered' | 'retry'; reason: string }
)

/** A channel that talks to the outside. It never throws for what a provider answers, and gives up when `signal` aborts. */
export interface Sender<Content> {
  /** Sends at once through one channel from one worker process, unless its settings say otherwise. */
  readonly concurrency: number
  send(message: Outgoing<Content>, channel: Channel, signal: AbortSignal): Promise<SendResult>
  close(): Promise<void>
}

/** Thrown inside a channel where nothing may be sent, for the reason in its message; answered as `not_sent`. */
export class NotSent extends Error {
  override readonly name = 'NotSent'
}

/** Answers a NotSent, and throws anything else on. */
export function notSent(error: unknown): SendResult {
  if (error instanceof NotSent) return { kind: 'not_sent', reason: error.message }
  throw error
}

const REASON_LENGTH = 1_000

/** A provider's words as a reason: one line, at most 1,000 characters, and none that Postgres cannot hold. */
export function oneLine(text: string): string {
  const line = text.replace(/[\s\p{Cc}]+/gu, ' ').trim()
  return Array.from(line.slice(0, 2 * REASON_LENGTH))
    .slice(0, REASON_LENGTH)
    .join('')
}
