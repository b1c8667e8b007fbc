import { NoAnswer, withoutAnswer } from './http-client.ts'
import { notSent, type SendResult } from './sender.ts'

/**
 * Sends to each, one after the other. One that took it makes the message `sent`: it is not repeated for the others, however
 * they end. Where none did, the end that may still change counts: unknown, then not taken, then refused.
 */
export async function toEach<Target>(
  targets: readonly Target[],
  send: (target: Target) => Promise<SendResult>,
): Promise<SendResult> {
  const results: SendResult[] = []
  for (const target of targets) {
    const result = await send(target).catch(endOf)
    results.push(result)
    // Whoever was not answered may have it: no second one is risked, as no repeat is.
    if (result.kind === 'unknown') break
  }
  const tokens = results.flatMap((result) => result.gone ?? [])
  const order = ['sent', 'delivered', 'unknown', 'not_taken', 'refused', 'not_sent'] as const
  const ends = order.flatMap((kind) => results.find((result) => result.kind === kind) ?? [])
  return { ...ends[0]!, ...(tokens.length > 0 && { gone: tokens }) }
}

/** What one was not sent, or not answered, says of that one alone: those before it may have taken theirs. */
function endOf(error: unknown): SendResult {
  return error instanceof NoAnswer ? withoutAnswer(error, false) : notSent(error)
}
