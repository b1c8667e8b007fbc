import assert from 'node:assert/strict'
import { after } from '../../steps/delay/delay.ts'
import type { Accepted } from './answers.ts'
import type { RowSeen } from './record.ts'

/** On a server whose clock jumps it also runs on; a move is by a minute at least, a delay by a day. */
const LATE = 30_000

/** A delay that was moved. */
export interface WalkMove {
  order: number
  step: number
  due: number
  /** When it was made. */
  at: number
}

/**
 * Walks a recipient run through its steps, kind by kind: no message is made before its instant, which is the last one the
 * delay before it was moved to. If nothing was lost or late, `punctual`, it is made at about that instant.
 */
export function holdWalk(
  { definition, acceptedAt }: Accepted,
  row: RowSeen,
  moves: readonly WalkMove[],
  punctual: boolean,
  all: string,
): void {
  let earliest = acceptedAt
  let latest = acceptedAt
  let made = 0
  for (const [index, step] of definition.steps.entries()) {
    switch (step.type) {
      case 'delay': {
        const moved = moves.findLast((move) => move.step === index)
        const slept = (from: number) => moved?.due ?? after(from, step.delayFor!)
        earliest = slept(earliest)
        latest = Math.max(slept(latest), moved?.at ?? 0)
        break
      }
      case 'channel': {
        const message = row.messages[made]
        if (message === undefined) {
          assert.ok(row.canceling || row.errors > 0, `step ${index} made no message: ${all}`)
          return
        }
        assert.deepEqual([message.number, message.step], [made, index], `not the message of step ${index}: ${all}`)
        assert.ok(message.at >= earliest, `step ${index} at ${message.at}, before ${earliest}: ${all}`)
        if (punctual) assert.ok(message.at <= latest + LATE, `step ${index} at ${message.at}, after ${latest}: ${all}`)
        made += 1
        // A delay counts from where the walk was then.
        earliest = latest = message.at
      }
    }
  }
  assert.equal(row.messages.length, made, `more messages than steps: ${all}`)
}
