import type { Channel } from '../definitions/catalog.ts'
import type { RecipientReference } from '../store/ids/recipient.ts'
import type { Exchange } from './exchange.ts'

/** One rendered message on its way out. */
export interface Outgoing<Content> {
  /** Stable over every try: the far side can drop a repeat by it. */
  messageId: string
  /** W3C's, where this try is traced. */
  traceparent?: string | undefined
  recipient: {
    reference: RecipientReference
    properties: Record<string, unknown>
    /** What is known of the recipient at this channel: their push tokens, their chat connections. */
    channelData?: Record<string, unknown> | undefined
  }
  content: Content
  /** What the trigger's data has under the content's `attachment_key`. */
  attachments?: unknown
}

/**
 * How a try ended.
 * - `sent`: the provider took it; `delivered`: the far side confirmed it.
 * - `refused`: refused for good; another try would end the same way.
 * - `not_taken`: it never reached the provider, or the provider said that it did not take it. To be tried again after the
 *   backoff or `retryAfterMs`, whichever is later.
 * - `unknown`: the content was handed over and no answer came, so it may have gone out. `repeatable`: the provider
 *   drops a repeat by an idempotency key, so that another try does no harm.
 * - `not_sent`: nothing left this process, for lack of settings or of an address that may be used.
 *
 * `filled` is what the channel added to the content (an e-mail's to, from and reply_to), to be kept with it. `gone` are
 * tokens of devices that the provider says are no more: they are dropped from the recipient's channel data.
 * `receiptAfterMs`: from then on the sender's `receipts` may know, by the `externalId`, what became of it.
 */
export type SendResult = { filled?: Record<string, string | null>; gone?: readonly string[] } & (
  | { kind: 'sent' | 'delivered'; externalId?: string; receiptAfterMs?: number }
  | { kind: 'refused'; reason: string }
  | { kind: 'not_taken'; reason: string; retryAfterMs?: number }
  | { kind: 'unknown'; reason: string; repeatable: boolean }
  | { kind: 'not_sent'; reason: string }
)

/** What a sender and whoever called it tell each other during one try. */
export interface Attempt {
  /** The try gives up when it aborts: `not_taken` before the content was handed over, `unknown` after. */
  signal: AbortSignal
  /** Called at most once, just before the content may reach the provider: from then on no end but an answer is certain. */
  onHandedOver(): void
  /** Called for each request of the try that carries the message, with what was answered. */
  onAnswered?(exchange: Exchange): void
}

/** What a provider says later of a message that it took. `isGone`: its device is no more. */
export interface Receipt {
  status: 'delivered' | 'undelivered'
  reason: string | null
  isGone: boolean
}

/** A channel that talks to the outside. It never throws for what a provider answers. */
export interface Sender<Content> {
  /** Sends at once through one channel from one worker process, unless its settings say otherwise. */
  readonly concurrency: number
  /** The longest that one `send` may last, in milliseconds, whatever the far side does. A lease has to cover it. */
  readonly timeoutMs: number
  send(message: Outgoing<Content>, channel: Channel, attempt: Attempt): Promise<SendResult>
  /**
   * What became of up to `RECEIPTS_AT_ONCE` messages of one channel, by their external ids; what is not known yet is left out.
   * Absent: the provider is not to be asked. Throws a NotSent or a NoAnswer.
   */
  receipts?(
    externalIds: readonly string[],
    channel: Channel,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, Receipt>>
  close(): Promise<void>
}

export const RECEIPTS_AT_ONCE = 300

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
  const line = text
    .slice(0, 8 * REASON_LENGTH)
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim()
  return Array.from(line.slice(0, 2 * REASON_LENGTH))
    .slice(0, REASON_LENGTH)
    .join('')
    .replace(/\p{Cs}/gu, '\uFFFD')
}
