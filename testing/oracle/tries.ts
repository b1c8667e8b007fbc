import assert from 'node:assert/strict'
import { LEASE_MS } from '../../activities/leases.ts'
import { BACKOFF_S } from '../../activities/outcome.ts'
import { askedFor, isRepeated, statusAfter, type ProviderAnswer } from './provider.ts'
import type { MessageSeen } from './record.ts'

/** One try as its provider saw it, with what the store said of the message as it began. Instants are the store's. */
export interface Try {
  order: number
  row: number
  number: number
  messageId: string
  at: number
  /** The process that had claimed it. */
  owner: string
  attempt: number
  revision: number
  leaseUntil: number
  answer: ProviderAnswer
  /** When its process had the answer; null while it has not. */
  endedAt: number | null
  /** Its process died before it had recorded the answer. */
  died: boolean
}

/** A message that waited for another try, moved. */
export interface MessageMove {
  order: number
  number: number
  due: number
}

/**
 * One message: the same id at each try; nothing before its instant; never twice, unless a lease ran out in between or the
 * provider had not taken it; and on record as its last try ended.
 */
export function holdTries(
  message: MessageSeen,
  tries: readonly Try[],
  moves: readonly MessageMove[],
  all: string,
): void {
  assert.equal(new Set(tries.map(({ messageId }) => messageId)).size <= 1, true, `several ids: ${all}`)
  for (const [i, now] of tries.entries()) {
    const before = tries[i - 1]
    if (before === undefined) assert.ok(now.at >= message.at, `tried before it was made: ${all}`)
    else if (now.attempt === before.attempt) {
      assert.ok(now.at >= before.leaseUntil, `sent again while its lease still ran: ${all}`)
      assert.ok(isOtherClaim(before, now), `twice at once: ${all}`)
    } else {
      assert.equal(now.attempt, before.attempt + 1, all)
      assert.ok(isRepeated(before.answer) && before.endedAt !== null, `sent again after "${before.answer}": ${all}`)
      const moved = moves.findLast((move) => move.order > before.order && move.order < now.order)
      const wait = Math.max(BACKOFF_S[before.attempt]! * 1_000, askedFor[before.answer] ?? 0)
      const due = moved?.due ?? before.endedAt + wait
      assert.ok(now.at >= due, `tried again at ${now.at}, before ${due}: ${all}`)
    }
  }
  holdEnd(message, tries, all)
}

/**
 * Whether a try and the next one belong to two claims. One process may have both: another, dead before its own hand-over,
 * may have held the message in between, for a whole lease.
 */
export function isOtherClaim(before: Try, now: Try): boolean {
  if (now.owner !== before.owner || now.revision !== before.revision) return true
  return before.endedAt !== null && before.endedAt <= now.at && now.at >= before.leaseUntil + LEASE_MS
}

function holdEnd(
  { status, canceling, channelType, attempt, mayHaveBeenSent }: MessageSeen,
  tries: readonly Try[],
  all: string,
): void {
  assert.notEqual(status, 'queued', `still to be sent: ${all}`)
  const answered = (...which: ProviderAnswer[]) => tries.some(({ answer }) => which.includes(answer))
  if (channelType === 'in_app_feed') {
    assert.deepEqual([status, tries.length], ['delivered', 0], all)
    return
  }
  const last = tries.at(-1)
  if (last === undefined) {
    // Nobody handed it over: taken back, or claimed by a worker that died before it did.
    assert.ok(canceling && (status === 'not_sent' || status === 'delivery_attempted'), `never tried: ${all}`)
    return
  }
  // Nobody says of what may have arrived that it did not.
  const isDenied = status === 'not_sent' || status === 'undelivered'
  assert.ok(!isDenied || !answered('sent', 'unknown', 'unknown, repeatable'), `denied, and may have arrived: ${all}`)
  if (status === 'sent') assert.ok(answered('sent'), `on record as sent, and never was: ${all}`)
  const isRecorded = last.endedAt !== null && last.endedAt < last.leaseUntil && !last.died
  if (!isRecorded) return
  const isAgain = isRepeated(last.answer) && BACKOFF_S[last.attempt] !== undefined
  const ends = mayHaveBeenSent || last.answer === 'unknown, repeatable' ? 'delivery_attempted' : 'not_sent'
  if (isAgain) assert.ok(canceling && (status === ends || attempt > last.attempt + 1), `not tried again: ${all}`)
  else if (!(mayHaveBeenSent && status === 'delivery_attempted'))
    assert.equal(status, statusAfter[last.answer], `on record otherwise than it ended: ${all}`)
}
