import type { SendResult } from '../channels/sender.ts'
import type { TryOutcome } from '../events/message-events.ts'
import type { RetryReason } from '../workflows/sleepers.ts'

/** Waits between the tries of a message, in seconds: 8 tries over 30 minutes. */
export const BACKOFF_S = [15, 30, 60, 120, 225, 450, 900] as const
/** A provider that asks for more is tried again after this all the same. */
const MOST_WAIT_MS = 6 * 3_600_000

/**
 * What a channel's answer makes of a message after `attempt` failed tries. What never reached the provider is tried again:
 * by the backoff or as the provider asked, whichever is later. What was handed over and never answered may have gone out:
 * it is repeated only where the provider drops repeats.
 */
export function outcomeOf(result: SendResult, { attempt, now }: { attempt: number; now: number }): TryOutcome {
  switch (result.kind) {
    case 'sent':
    case 'delivered':
      return { kind: result.kind, externalId: result.externalId ?? null }
    case 'not_sent':
      return { kind: 'not_sent', reason: result.reason }
    case 'refused':
      return { kind: 'undelivered', reason: result.reason }
    case 'unknown':
      return result.repeatable
        ? again(result.reason, 'no answer', undefined, attempt, now)
        : { kind: 'delivery_attempted', reason: result.reason }
    case 'not_taken':
      return again(
        result.reason,
        result.retryAfterMs === undefined ? 'not taken' : 'asked to wait',
        result.retryAfterMs,
        attempt,
        now,
      )
  }
}

function again(
  reason: string,
  why: RetryReason,
  askedMs: number | undefined,
  attempt: number,
  now: number,
): TryOutcome {
  const backoff = BACKOFF_S[attempt]
  if (backoff === undefined) return { kind: why === 'no answer' ? 'delivery_attempted' : 'undelivered', reason }
  return { kind: 'retry', reason, why, due: now + Math.max(backoff * 1_000, Math.min(askedMs ?? 0, MOST_WAIT_MS)) }
}
