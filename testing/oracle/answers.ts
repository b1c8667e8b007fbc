import assert from 'node:assert/strict'
import type { Definition } from '../../definitions/definition.ts'
import type { Answer, RunAnswer } from '../../store/recipient-runs/answer.ts'
import { keyOfMessageId } from '../../store/ids/message-id.ts'
import { recipientKey } from '../../store/ids/recipient.ts'
import { rowOfUuid } from '../../store/ids/row-id.ts'
import type { Said } from './expected.ts'

export interface Accepted {
  recipient: string
  definition: Definition
  acceptedAt: number
}

export type Entry<Outcome extends string> = Said<Outcome> & { row: number }

/** Whom a call is to speak of: these rows, and the recipients named, or everyone. */
export interface Addressed {
  rows: ReadonlyMap<number, Accepted>
  named: string[] | null
}

/** The rows an answer speaks of, with what it says of each. */
function entriesIn<Outcome extends string>(answer: Answer<Outcome>): Entry<Outcome>[] {
  return answer.recipients.flatMap(({ runs }) =>
    runs.map((run: RunAnswer<Outcome> & { taken_back?: string[] }) => {
      const { workflow_recipient_run_id: id, outcome, messages, in_flight: inFlight, taken_back: back = [] } = run
      const row = rowOfUuid(id)!
      const numbersOf = (messageIds: string[]) =>
        messageIds.map((messageId) => {
          const key = keyOfMessageId(messageId)
          assert.equal(key?.recipientRunId, row, `${messageId} is no message of this row: ${JSON.stringify(answer)}`)
          return key.number
        })
      return { row, outcome, reached: numbersOf(messages), inFlight: numbersOf(inFlight), takenBack: numbersOf(back) }
    }),
  )
}

/**
 * The entries of an answer that speaks of exactly those addressed, each under its recipient; whose outcome is the first of
 * `outcomes` that applies to one of theirs, or the last, `not_found`; and whose summary counts them.
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
  for (const [i, { outcome, runs }] of answer.recipients.entries()) {
    const applies = new Set(runs.map((run) => run.outcome))
    assert.equal(outcome, outcomes.find((each) => applies.has(each)) ?? outcomes.at(-1), told)
    counts[outcome] += 1
    for (const run of runs) {
      const row = rowOfUuid(run.workflow_recipient_run_id)!
      assert.equal(rows.get(row)?.recipient, who[i], `not addressed: ${told}`)
    }
  }
  assert.deepEqual(answer.summary, counts, told)
  const entries = entriesIn(answer)
  const numeric = (a: number, b: number) => a - b
  assert.deepEqual(
    entries.map(({ row }) => row).sort(numeric),
    [...rows.keys()].sort(numeric),
    `exactly who is addressed: ${told}`,
  )
  return entries
}
