import type { TryOutcome } from '../../events/message-events.ts'
import type { MessageKey } from '../ids/message-id.ts'
import type { JsonObject } from '../schema/index.ts'
import type { Believed } from './claims.ts'

/** How a try ended of a message that was claimed at this revision. */
export interface TrySettlement extends Believed {
  outcome: TryOutcome
  /** What the channel added to the content: an e-mail's to, from and reply_to. */
  filled?: JsonObject
  /** What is kept of the try; absent: nothing reached out. */
  log?: TryLog
  /** When the provider can be asked what became of it, epoch milliseconds; absent: it tells by itself, or never. */
  receiptDue?: number
}

export interface TryLog {
  outcome: string
  service: string
  reply: string | null
  exchanges: readonly object[]
}

export interface SettledTry extends MessageKey {
  status: 'queued' | 'sent' | 'delivered' | 'delivery_attempted' | 'undelivered' | 'not_sent'
  stepRef: string
  revision: number
  attempt: number
  /** A cancel had come while it was being sent. */
  canceled: boolean
}

/** A message as it is when its try is settled. */
export interface LockedMessage extends MessageKey {
  stepRef: string
  revision: number
  attempt: number
  canceled: boolean
  mayHaveBeenSent: boolean
}

/** How a try ends for its message, and what is written of it. */
export interface WrittenTry {
  message: SettledTry
  outcome: TryOutcome
  filled: JsonObject | null
  log: TryLog | undefined
  receiptDue: number | undefined
}

/**
 * How a try ends for a message. One that a cancel marked meanwhile is not tried again: it ends as `not_sent`. What an earlier
 * try may have sent ends as `delivery_attempted` instead of as not sent or undelivered.
 */
export function settledTry(
  { outcome, filled, log, receiptDue }: TrySettlement,
  { mayHaveBeenSent, canceled, ...message }: LockedMessage,
): WrittenTry {
  const last: TryOutcome =
    canceled && outcome.kind === 'retry' ? { kind: 'not_sent', reason: 'canceled before the next try' } : outcome
  const ends: TryOutcome =
    (mayHaveBeenSent || mayHaveArrived(outcome)) && (last.kind === 'not_sent' || last.kind === 'undelivered')
      ? { kind: 'delivery_attempted', reason: `a try may have arrived; since then: ${last.reason}` }
      : last
  const failed = ends.kind === 'retry' || ends.kind === 'undelivered' || ends.kind === 'delivery_attempted'
  return {
    message: {
      ...message,
      canceled,
      status: ends.kind === 'retry' ? 'queued' : ends.kind,
      revision: message.revision + 1,
      attempt: message.attempt + (failed ? 1 : 0),
    },
    outcome: ends,
    filled: filled ?? null,
    log,
    receiptDue: ends.kind === 'sent' ? receiptDue : undefined,
  }
}

/** No answer came: the message may be at its recipient. */
export function mayHaveArrived(outcome: TryOutcome): boolean {
  return outcome.kind === 'retry' && outcome.why === 'no answer'
}
