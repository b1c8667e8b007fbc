import { answerOf, type Answer } from './answer.ts'
import type { FoundRow } from './found-rows.ts'

/** In the order in which the first that applies is a recipient's outcome. */
export const outcomes = ['canceled', 'sending', 'already_sent', 'ended', 'already_canceled', 'not_found'] as const
export type Outcome = (typeof outcomes)[number]

export interface Verdict extends Answer<Outcome> {
  workflow: string
  cancelation_key: string | null
  /** `applied` if this call canceled at least one. */
  status: 'applied' | 'nothing_pending'
  /** In-app messages that `archive_sent` archived. */
  archived: string[]
}

/** What a cancel does to a row: the one place that decides it. `changes`: the row is to be marked. */
export function judge(row: Pick<FoundRow, 'status' | 'canceling' | 'last' | 'sent'>): {
  outcome: Outcome
  changes: boolean
} {
  switch (row.status) {
    case 'waiting':
      return { outcome: 'canceled', changes: true }
    case 'claimed':
      if (row.last) return { outcome: 'sending', changes: !row.canceling }
      return row.canceling ? { outcome: 'already_canceled', changes: false } : { outcome: 'canceled', changes: true }
    case 'canceled':
      return { outcome: 'already_canceled', changes: false }
    case 'ended':
      return { outcome: row.sent > 0 ? 'already_sent' : 'ended', changes: false }
  }
}

/** The answer to a cancel, from the rows it found and the steps already sent to each. */
export function verdictOf(
  key: { workflow: string; cancelationKey: string | null },
  rows: FoundRow[],
  sentSteps: ReadonlyMap<number, number[]>,
  named: readonly string[] | null,
  archived: string[],
): Verdict {
  const answer = answerOf(rows, named, sentSteps, outcomes, (row) => judge(row).outcome)
  const status = answer.summary.canceled > 0 ? 'applied' : 'nothing_pending'
  return { workflow: key.workflow, cancelation_key: key.cancelationKey, status, ...answer, archived }
}
