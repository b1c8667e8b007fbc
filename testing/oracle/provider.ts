import type { SendResult } from '../../channels/sender.ts'

const HOUR = 3_600_000

/** What a provider makes of a send. */
export const answers = [
  'sent',
  'sent',
  'sent',
  'not_taken',
  'not_taken',
  'not_taken, later',
  'refused',
  'not_sent',
  'unknown',
  'unknown, repeatable',
] as const
export type ProviderAnswer = (typeof answers)[number]

export function resultOf(answer: ProviderAnswer): SendResult {
  const reason = 'the provider says so'
  switch (answer) {
    case 'sent':
      return { kind: 'sent' }
    case 'refused':
    case 'not_sent':
    case 'not_taken':
      return { kind: answer, reason }
    case 'not_taken, later':
      return { kind: 'not_taken', reason, retryAfterMs: askedFor[answer] }
    case 'unknown':
    case 'unknown, repeatable':
      return { kind: 'unknown', reason, repeatable: answer === 'unknown, repeatable' }
  }
}

/** The waits providers ask for before another try, in milliseconds. */
export const askedFor: Partial<Record<ProviderAnswer, number>> = { 'not_taken, later': HOUR }

/** A try that ends so is made again; any other end is the message's. */
export function isRepeated(answer: ProviderAnswer): boolean {
  return answer === 'not_taken' || answer === 'not_taken, later' || answer === 'unknown, repeatable'
}

/** The status of a message whose last try, recorded, ended so. */
export const statusAfter: Record<ProviderAnswer, string> = {
  sent: 'sent',
  refused: 'undelivered',
  not_sent: 'not_sent',
  not_taken: 'undelivered',
  'not_taken, later': 'undelivered',
  unknown: 'delivery_attempted',
  'unknown, repeatable': 'delivery_attempted',
}
