import { messageId } from '../ids/message-id.ts'
import { recipientReference, type RecipientReference } from '../ids/recipient.ts'
import { recipientRunUuid } from '../ids/row-id.ts'
import type { LockedMessage } from '../messages/lock-messages.ts'
import type { LockedRow } from './lock-recipient-runs.ts'

export interface RunAnswer<Outcome> {
  workflow_run_id: string
  workflow_recipient_run_id: string
  outcome: Outcome
  /** Ids of the messages already sent. */
  messages: string[]
  /** What a worker had claimed when the request came, and may still finish: ids of messages, or the ref of a step. */
  in_flight: string[]
}

export interface RecipientAnswer<Outcome, Extra = unknown> {
  id: RecipientReference
  outcome: Outcome
  reason?: string
  runs: (RunAnswer<Outcome> & Extra)[]
}

/** What a request did, recipient by recipient. The summary is complete also where the list is truncated. */
export interface Answer<Outcome extends string, Extra = unknown> {
  summary: Record<Outcome, number>
  recipients: RecipientAnswer<Outcome, Extra>[]
  truncated?: true
}

const MAX_ENTRIES = 10_000

/**
 * One entry for each recipient found or `named`; their outcome is the first of `outcomes` that applies to one of their
 * runs, or the last, `not_found`, if they have none. `extraOf` adds to the entry of each run.
 */
export function answerOf<Outcome extends string, Extra>(
  rows: readonly LockedRow[],
  named: readonly string[] | null,
  outcomes: readonly Outcome[],
  outcomeOf: (row: LockedRow) => Outcome,
  extraOf: (row: LockedRow) => Extra,
): Answer<Outcome, Extra> {
  const byRecipient = new Map<string, LockedRow[]>((named ?? []).map((recipient) => [recipient, []]))
  for (const row of rows) {
    const same = byRecipient.get(row.recipient)
    if (same === undefined) byRecipient.set(row.recipient, [row])
    else same.push(row)
  }
  const summary = Object.fromEntries(outcomes.map((outcome) => [outcome, 0])) as Record<Outcome, number>
  const recipients: RecipientAnswer<Outcome, Extra>[] = []
  for (const [recipient, found] of byRecipient) {
    const judged = new Set(found.map(outcomeOf))
    const outcome = outcomes.find((candidate) => judged.has(candidate)) ?? outcomes.at(-1)!
    summary[outcome] += 1
    if (recipients.length === MAX_ENTRIES) continue
    const reason =
      outcome === 'ended' ? found.find((row) => outcomeOf(row) === outcome && row.reason !== null)?.reason : null
    recipients.push({
      id: recipientReference(recipient),
      outcome,
      ...(reason ? { reason } : {}),
      runs: found.map((row) => ({ ...runAnswerOf(row, outcomeOf(row)), ...extraOf(row) })),
    })
  }
  return { summary, recipients, ...(byRecipient.size > MAX_ENTRIES ? { truncated: true as const } : {}) }
}

function runAnswerOf<Outcome>(row: LockedRow, outcome: Outcome): RunAnswer<Outcome> {
  const idsOf = (is: (message: LockedMessage) => boolean) =>
    row.messages.filter(is).map((message) => publicIdOf(row, message))
  return {
    workflow_run_id: row.workflowRunId,
    workflow_recipient_run_id: recipientRunUuid(row.workflowRunId, row.id),
    outcome,
    messages: idsOf(({ state, mayHaveBeenSent }) => state === 'reached' || mayHaveBeenSent),
    in_flight: [...idsOf(({ state }) => state === 'claimed'), ...(row.acting === null ? [] : [row.acting.step])],
  }
}

/** Of a message that contains a row's activity: it may be that of the batch's carrier. */
export function publicIdOf(row: LockedRow, message: LockedMessage): string {
  return messageId(message.recipientRunId === row.id ? row : (row.batch ?? row), message)
}
