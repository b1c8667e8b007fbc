// @ts-nocheck: of the first shape, being rewritten
import assert from 'node:assert/strict'
import type { Definition } from '../../definitions/definition.ts'
import type { Answer } from '../../store/recipient-runs/answer.ts'
import { keyOfMessageId } from '../../store/ids/message-id.ts'
import { recipientKey } from '../../store/ids/recipient.ts'
import { rowOfUuid } from '../../store/ids/row-id.ts'

export interface Accepted {
  recipient: string
  definition: Definition
  acceptedAt: number
}

/** What an answer says of a row. */
export interface Entry<Outcome> {
  row: number
  outcome: Outcome
  /** Index of the step. */
  inFlight: number | null
  /** Steps of which it lists a message. */
  reached: number[]
}

/** Whom a call is to speak of: these rows, and the recipients named, or everyone. */
export interface Addressed {
  rows: ReadonlyMap<number, Accepted>
  named: string[] | null
}

/**
 * The rows of an answer: exactly those addressed, each under its recipient; whose outcome is the first of `outcomes` that
 * applies to one of theirs, or the last, `not_found`; and a summary that counts them.
 */
export function entriesOf<Outcome extends string>(
  answer: Answer<Outcome>,
  outcomes: readonly Outcome[],
  { rows, named }: Addressed,
): Entry<Outcome>[] {
  const told = JSON.stringify(answer)
  const who = answer.recipients.map(({ id }) => recipientKey(id))
  assert.deepEqual([...who].sort(), [...new Set(named ?? [...rows.values()].map((row) => row.recipient))].sort(), told)
  const counts = Object.fromEntries(outcomes.map((outcome) => [outcome, 0])) as Record<Outcome, number>
  const entries = answer.recipients.flatMap(({ outcome, runs }, i) => {
    const applies = new Set(runs.map((run) => run.outcome))
    assert.equal(outcome, outcomes.find((each) => applies.has(each)) ?? outcomes.at(-1), told)
    counts[outcome] += 1
    return runs.map((run) => {
      const row = rowOfUuid(run.workflow_recipient_run_id)!
      const accepted = rows.get(row)
      assert.equal(accepted?.recipient, who[i], `not addressed: ${told}`)
      const keys = run.messages.map((id) => keyOfMessageId(id)!)
      assert.ok(
        keys.every((key) => key.recipientRunId === row),
        told,
      )
      const { in_flight: ref } = run
      const inFlight = ref === null ? null : accepted!.definition.steps.findIndex((step) => step.ref === ref)
      return { row, outcome: run.outcome, inFlight, reached: keys.map(({ step }) => step) }
    })
  })
  assert.deepEqual(entries.map(({ row }) => row).sort(), [...rows.keys()].sort(), `exactly who is addressed: ${told}`)
  assert.deepEqual(answer.summary, counts, told)
  return entries
}
