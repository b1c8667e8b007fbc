import { answerOf, type Answer } from './answer.ts'
import { messageId } from '../ids/message-id.ts'
import type { LockedMessage } from '../messages/lock-messages.ts'
import type { LockedRow } from './lock-recipient-runs.ts'

/** In the order in which the first that applies is a recipient's outcome. */
export const outcomes = ['canceled', 'sending', 'already_sent', 'ended', 'already_canceled', 'not_found'] as const
export type Outcome = (typeof outcomes)[number]

/** An in-app message that `archive_sent` archived, and whether it had been seen. Instants are ISO 8601. */
export interface ArchivedMessage {
  id: string
  seen_at: string | null
  read_at: string | null
}

export interface Verdict extends Answer<Outcome, { taken_back: string[] }> {
  workflow: string
  cancelation_key: string | null
  /** `applied` if this call canceled at least one. */
  status: 'applied' | 'nothing_pending'
  archived: ArchivedMessage[]
}

export interface Judgement {
  outcome: Outcome
  /** The row is to be marked: it goes no further. */
  marksRow: boolean
  /** Messages that are taken back: they end as not sent. */
  takenBack: LockedMessage[]
  /** Messages being sent that are to be marked: they are not tried again. */
  marked: LockedMessage[]
}

/** What a cancel does to a row, over its walk and its messages: the one place that decides it. */
export function judge(row: LockedRow): Judgement {
  const takenBack = row.messages.filter(({ state, canceling }) => state === 'queued' && !canceling)
  const marked = row.messages.filter(({ state, canceling }) => state === 'claimed' && !canceling)
  const open = !row.canceling && (row.status === 'waiting' || row.status === 'claimed')
  const cutOff = open && (row.status === 'waiting' || row.mayStillAct)
  const acts = marked.length > 0 || (open && row.status === 'claimed')
  const outcomeOf = (): Outcome => {
    if (cutOff || takenBack.length > 0) return 'canceled'
    if (acts) return 'sending'
    const marks = row.canceling || row.status === 'canceled' || row.messages.some(({ canceling }) => canceling)
    if (marks) return 'already_canceled'
    return row.messages.some(({ state }) => state === 'reached') ? 'already_sent' : 'ended'
  }
  return { outcome: outcomeOf(), marksRow: open, takenBack, marked }
}

/** The answer to a cancel, from the rows it found, judged. */
export function verdictOf(
  key: { workflow: string; cancelationKey: string | null },
  judged: ReadonlyMap<LockedRow, Judgement>,
  named: readonly string[] | null,
  archived: ArchivedMessage[],
): Verdict {
  const answer = answerOf(
    [...judged.keys()],
    named,
    outcomes,
    (row) => judged.get(row)!.outcome,
    (row) => ({ taken_back: judged.get(row)!.takenBack.map((message) => messageId(row, message)) }),
  )
  const status = answer.summary.canceled > 0 ? 'applied' : 'nothing_pending'
  return { workflow: key.workflow, cancelation_key: key.cancelationKey, status, ...answer, archived }
}
