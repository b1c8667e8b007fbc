import assert from 'node:assert/strict'
import { keyOfMessageId } from '../../store/ids/message-id.ts'
import { rowOfUuid } from '../../store/ids/row-id.ts'
import type { Outcome, Verdict } from '../../store/recipient-runs/verdict.ts'
import type { ProviderAnswer } from './provider.ts'

/** What a cancel said first of a row. Messages are `row/number`. */
interface FirstVerdict {
  outcome: Outcome
  order: number
  reached: string[]
  inFlight: string[]
}

/** A message as it was handed over or, in-app, seen in the feed. */
export interface HandedOver {
  order: number
  /** `row/number`. */
  message: string
  at: number
  /** The recipient runs whose activities it contains. */
  rows: number[]
  answer: ProviderAnswer
  /** Its process was there to record the answer. */
  isRecorded: boolean
}

/** What went out and what cancels said, in one order, and whether the two agree. */
export class HandOvers {
  readonly all: HandedOver[] = []
  /** By row. Only the first answer decides. */
  readonly verdicts = new Map<number, FirstVerdict>()
  #order = 0

  /** The next place in the one order of all that happens. */
  next(): number {
    return (this.#order += 1)
  }

  add(given: Omit<HandedOver, 'order'>): HandedOver {
    const handedOver = { order: this.next(), ...given }
    this.all.push(handedOver)
    return handedOver
  }

  has(message: string): boolean {
    return this.all.some((each) => each.message === message)
  }

  /** What a cancel said that was asked for at `order`. Fails where it contradicts what was said before. */
  addVerdict(verdict: Verdict, order: number): void {
    for (const run of verdict.recipients.flatMap(({ runs }) => runs)) {
      const row = rowOfUuid(run.workflow_recipient_run_id)!
      const before = this.verdicts.get(row)
      const isOver = before?.outcome === 'already_sent' || before?.outcome === 'ended'
      const [reached, inFlight] = [run.messages.map(nameOf), run.in_flight.map(nameOf)]
      if (before === undefined) this.verdicts.set(row, { order, outcome: run.outcome, reached, inFlight })
      else assert.equal(run.outcome, isOver ? before.outcome : 'already_canceled', JSON.stringify({ before, run }))
    }
  }

  /** Its own key has taken it back. */
  isTaken(row: number): boolean {
    const outcome = this.verdicts.get(row)?.outcome
    return outcome !== undefined && outcome !== 'already_sent' && outcome !== 'ended'
  }

  /** What went out for a row before a cancel is what that said; after it nothing does but what it said was in flight. */
  holdVerdict(row: number): void {
    const said = this.verdicts.get(row)
    if (said === undefined) return
    const named = new Set([...said.reached, ...said.inFlight])
    const ofRow = this.all.filter(({ rows }) => rows.includes(row))
    for (const { order, message, answer } of ofRow) {
      if (order > said.order) assert.ok(named.has(message), `${row} went out with ${message} after "${said.outcome}"`)
      else if (answer === 'sent' || answer === 'unknown')
        assert.ok(named.has(message), `${row} had gone out with ${message}, and "${said.outcome}" does not say so`)
    }
    for (const message of said.reached)
      assert.ok(
        ofRow.some((each) => each.message === message),
        `${row} was said to have gone out with ${message}`,
      )
  }
}

/** A message; or the ref of a step that acts at that moment, as it is. */
function nameOf(id: string): string {
  const key = keyOfMessageId(id)
  return key === null ? id : `${key.recipientRunId}/${key.number}`
}
