import type { WalkEvent } from '../store/recipient-runs/insert-events.ts'
import type { WalkSettlement } from '../store/recipient-runs/walk-settlement.ts'
import { stepNumber } from '../store/recipient-runs/step-number.ts'
import { RUN_LANE } from '../workflows/lane-name.ts'
import type { Walk } from './kind.ts'

/** Before the second try of a step, and before the third, which is the last. A fetch has its own: see http-fetch/kind.ts. */
const BACKOFF_MS = [5_000, 15_000]

/** How long a step waits that has failed so many times before; undefined: it is not tried again. */
export function waitBeforeNext(failedBefore: number): number | undefined {
  return BACKOFF_MS[failedBefore]
}

/** A failed try as an event tells it: whether it is the workflow's fault, or one of Belay. */
export function failureData(reason: string, isOurs: boolean): { reason: string; fault: 'workflow' | 'belay' } {
  return { reason, fault: isOurs ? 'belay' : 'workflow' }
}

/** Why a row waits that is tried again. */
export function whyAgain(isOurs: boolean): 'fault of Belay' | 'step failed' {
  return isOurs ? 'fault of Belay' : 'step failed'
}

/**
 * A walk that could not even be tried, for a reason of ours: it waits for its next try where it stands, and ends visibly
 * after the third. It holds up nobody else.
 */
export function faultyWalk(row: Walk['row'], reason: string, now: number): WalkSettlement {
  const wait = waitBeforeNext(row.attempt)
  return wait === undefined
    ? failedWalk(row, reason)
    : { ...waitingWalk(row, now + wait), ...retried(row, reason, now + wait) }
}

/** A walk that is over for a reason of ours, however often it was tried. */
export function failedWalk(row: Walk['row'], reason: string): WalkSettlement {
  const { enteredAt, due } = row
  const event = eventOf(row, 'step_failed', failureData(reason, true))
  return { ...placeOf(row), status: 'ended', enteredAt, due, errors: 1, reason, events: [event] }
}

function waitingWalk(row: Walk['row'], due: number): WalkSettlement {
  return { ...placeOf(row), status: 'waiting', enteredAt: row.enteredAt, due, errors: 0, reason: null, events: [] }
}

function retried(
  row: Walk['row'],
  reason: string,
  due: number,
): Pick<WalkSettlement, 'attempt' | 'why' | 'lane' | 'events'> {
  const data = { ...failureData(reason, true), again_at: new Date(due).toISOString() }
  const attempt = row.attempt + 1
  return { attempt, why: whyAgain(true), lane: RUN_LANE, events: [eventOf(row, 'step_retried', data)] }
}

function eventOf(row: Walk['row'], event: WalkEvent['event'], data: WalkEvent['data']): WalkEvent {
  const step = stepNumber(row.step, { hasMoved: row.definitionHash !== null })
  return { event, status: 'error', step, attempt: row.attempt + 1, data }
}

function placeOf({ id, revision, step, phase }: Walk['row']) {
  return { id, revision, step, phase, state: null, messages: [] }
}
