// @ts-nocheck: of the first shape, being rewritten
import assert from 'node:assert/strict'
import type { Holder } from '../../store/recipient-runs/claims.ts'
import { keyOfMessageId } from '../../store/ids/message-id.ts'
import type { Attempted } from './attempt.ts'

/** The activity that sends. */
export interface HandOut {
  input: { now: number }
}

/** A send as the provider saw it. */
export interface Send extends Attempted {
  order: number
  at: number
  job: HandOut
  by: Holder
  /** The worker was lost before it had recorded it: it may be made once more. */
  unrecorded: boolean
}

export interface MessageSeen {
  row: number
  step: number
  status: string
  at: number
}

/** Statuses of a message that reached somebody. */
export const REACHED = new Set(['sent', 'delivered', 'delivery_attempted'])

export function reachedIn(messages: MessageSeen[], row: number): number[] {
  return messages.filter((each) => each.row === row && REACHED.has(each.status)).map(({ step }) => step)
}

export const rowOf = ({ messageId }: Attempted) => keyOfMessageId(messageId)!.recipientRunId
export const stepOf = ({ messageId }: Attempted) => keyOfMessageId(messageId)!.step

/** Sent once, under one id; once more only for a lost worker. */
export function holdSends(sends: Send[], messages: MessageSeen[], all: string): void {
  for (const step of new Set(sends.map(stepOf))) {
    const ofStep = sends.filter((send) => stepOf(send) === step)
    const recorded = ofStep.filter(({ answer, unrecorded }) => answer === 'sent' && !unrecorded)
    assert.ok(recorded.length <= 1, `sent twice: ${all}`)
    assert.equal(new Set(ofStep.map(({ messageId }) => messageId)).size, 1, all)
    const message = messages.find((each) => each.step === step)
    assert.ok(message !== undefined, `sent and not on record: ${all}`)
    if (recorded.length > 0) assert.equal(message.status, 'sent', all)
  }
  for (const { step, status } of messages) {
    const ofStep = sends.filter((send) => stepOf(send) === step)
    assert.notEqual(status, 'queued', `still to be tried: ${all}`)
    if (status === 'sent')
      assert.ok(
        ofStep.some(({ answer }) => answer === 'sent'),
        `on record and never sent: ${all}`,
      )
  }
}
