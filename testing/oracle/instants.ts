// @ts-nocheck: of the first shape, being rewritten
import assert from 'node:assert/strict'
import { BACKOFF_S } from '../../activities/settlements.ts'
import { after } from '../../steps/delay/delay.ts'
import type { Accepted } from './answers.ts'
import { stepOf, type MessageSeen, type Send } from './sends.ts'

/** On a server whose clock jumps it also runs on; a move is by a minute at least, a delay by a day. */
const LATE = 30_000

/** A sleep that was moved, of a row that stood at `step`. */
export interface Move {
  order: number
  step: number
  due: number
  /** When it was made. */
  at: number
}

export interface Course {
  accepted: Accepted
  moves: Move[]
  sends: Send[]
  messages: MessageSeen[]
}

/**
 * Nothing goes out before its instant: where the sleep was moved, that is the last instant it was moved to. And if nothing
 * was lost or late, `punctual`, it goes out at about that instant.
 */
export function holdInstants({ accepted, moves, sends, messages }: Course, punctual: boolean, all: string): void {
  const holdAt = (at: number, due: number, step: number, moved = due) => {
    assert.ok(at >= due, `step ${step} at ${at}, before ${due}: ${all}`)
    if (punctual) assert.ok(at <= Math.max(due, moved) + LATE, `step ${step} at ${at}, long after ${due}: ${all}`)
  }
  let from = accepted.acceptedAt
  for (const [step, each] of accepted.definition.steps.entries()) {
    const here = moves.filter((move) => move.step === step)
    if (each.type === 'delay') {
      // Who stands at a delay is asleep in the one before it; this one counts from when they wake.
      from = after(here.at(-1)?.due ?? from, each.delayFor!)
      continue
    }
    const ofStep = sends.filter((send) => stepOf(send) === step)
    let earliest = from
    let since = 0
    let failed = 0
    for (const { order, at, answer, job, unrecorded } of ofStep) {
      const move = here.findLast((move) => move.order < order && move.order > since)
      holdAt(at, move?.due ?? earliest, step, move?.at)
      if (answer !== 'not_taken' || unrecorded) continue
      earliest = job.input.now + (BACKOFF_S[failed] ?? 0) * 1_000
      failed += 1
      since = order
    }
    const message = messages.find((each) => each.step === step)
    if (message === undefined) return
    const move = here.at(-1)
    if (ofStep.length === 0 && message.status === 'delivered') holdAt(message.at, move?.due ?? from, step, move?.at)
    from = ofStep.at(-1)?.job.input.now ?? message.at
  }
}
