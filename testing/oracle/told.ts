// @ts-nocheck: of the first shape, being rewritten
import assert from 'node:assert/strict'
import type { Holder } from '../../store/recipient-runs/claims.ts'
import { REACHED, stepOf, type MessageSeen, type Send } from './sends.ts'

/** What somebody was told of a row: from then on at most the step in flight reaches them. */
export interface Told {
  order: number
  outcome: 'canceled' | 'sending' | 'over'
  inFlight: number | null
  /** The attempt that had claimed the step in flight; null if it was through by the time it was looked at. */
  by: Holder | null
  /** Nothing is sent after this, whoever had claimed it. */
  last: number
  reached: number[]
}

/**
 * What was in flight when they were told may still go out: by the one send of the attempt that had claimed it, if it had
 * not sent by then. However that ends, it is not tried again, and nothing else follows.
 */
export function holdTold(
  { order, outcome, inFlight, by, last, reached }: Told,
  sends: Send[],
  messages: MessageSeen[],
  all: string,
): void {
  const later = sends.filter((send) => send.order > order)
  for (const send of later) {
    assert.equal(stepOf(send), inFlight, `sent after "${outcome}": ${all}`)
    assert.ok(send.order <= last, `sent when nothing was in flight any more, after "${outcome}": ${all}`)
    if (by !== null) assert.deepEqual(send.by, by, `sent by another attempt after "${outcome}": ${all}`)
  }
  const ofAttempt = by === null ? later : sends.filter((send) => stepOf(send) === inFlight && isSame(send.by, by))
  assert.ok(later.length === 0 || ofAttempt.length === 1, `tried again after "${outcome}": ${all}`)
  const since = messages.filter(({ step, status }) => REACHED.has(status) && !reached.includes(step))
  assert.ok(
    since.every(({ step }) => step === inFlight),
    `reached after "${outcome}": ${all}`,
  )
  for (const step of reached)
    assert.ok(
      messages.some((each) => each.step === step && REACHED.has(each.status)),
      all,
    )
}

function isSame(one: Holder, other: Holder): boolean {
  return one.claim === other.claim && one.attempt === other.attempt
}
