import { answerOf, publicIdOf, type Answer } from './answer.ts'
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
  /** Messages that are not tried again, though an earlier try may have arrived: they end as delivery attempted. */
  cutShort: LockedMessage[]
  /** Messages being sent that are to be marked: they are not tried again. */
  marked: LockedMessage[]
  /** Messages of its batch, not claimed yet, that go out without its activity. */
  left: LockedMessage[]
}

/**
 * What a cancel does to a row, over its walk and its messages: the one place that decides it. In a batch it takes its own
 * activity back: a message of others goes out without it.
 */
export function judge(row: LockedRow): Judgement {
  const { batch, acting } = row
  const isShared = ({ batchId }: LockedMessage) => batchId !== null && batch?.hasOthers === true
  // What an activity has left is no matter of its key any more.
  const unmarked = row.messages.filter(({ canceling, batchId }) => !canceling && (batchId === null || !row.canceling))
  const queued = unmarked.filter(({ state }) => state === 'queued')
  const claimed = unmarked.filter(({ state }) => state === 'claimed')
  const own = queued.filter((message) => !isShared(message))
  const takenBack = own.filter(({ mayHaveBeenSent }) => !mayHaveBeenSent)
  const cutShort = own.filter(({ mayHaveBeenSent }) => mayHaveBeenSent)
  const left = queued.filter(isShared)
  const marked = claimed.filter((message) => !isShared(message))
  const walks = row.status === 'waiting' || row.status === 'claimed'
  // A carrier's walk is the batch's; who else is in a batch that has closed only waits to be ended.
  const open = !row.canceling && (batch === null ? walks : !batch.isClosed || batch.goesOn)
  const cutOff = open && acting?.isLast !== true
  const acts = (!row.canceling && claimed.length > 0) || (open && acting !== null)
  const outcomeOf = (): Outcome => {
    if (cutOff || own.length + left.length > 0) return 'canceled'
    if (acts || marked.length > 0) return 'sending'
    const marks = row.canceling || row.status === 'canceled' || row.messages.some(({ canceling }) => canceling)
    if (marks) return 'already_canceled'
    return row.messages.some(({ state }) => state === 'reached') ? 'already_sent' : 'ended'
  }
  const leaves = batch !== null && !row.canceling && (left.length > 0 || claimed.length > 0 || own.length > 0)
  return { outcome: outcomeOf(), marksRow: open || leaves, takenBack, cutShort, marked, left }
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
    (row) => ({ taken_back: judged.get(row)!.takenBack.map((message) => publicIdOf(row, message)) }),
  )
  const status = answer.summary.canceled > 0 ? 'applied' : 'nothing_pending'
  return { workflow: key.workflow, cancelation_key: key.cancelationKey, status, ...answer, archived }
}
