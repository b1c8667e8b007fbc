import type { FoundRow } from './found-rows.ts'
import { messageId } from '../ids/message-id.ts'
import { recipientReference, type RecipientReference } from '../ids/recipient.ts'
import { recipientRunUuid } from '../ids/row-id.ts'

export interface RunAnswer<Outcome> {
  workflow_run_id: string
  workflow_recipient_run_id: string
  outcome: Outcome
  /** Ids of the messages already sent. */
  messages: string[]
  /** The step a worker had claimed when the request came: it may still finish. */
  in_flight: string | null
}

export interface RecipientAnswer<Outcome> {
  id: RecipientReference
  outcome: Outcome
  reason?: string
  runs: RunAnswer<Outcome>[]
}

/** What a request did, recipient by recipient. The summary is complete also where the list is truncated. */
export interface Answer<Outcome extends string> {
  summary: Record<Outcome, number>
  recipients: RecipientAnswer<Outcome>[]
  truncated?: true
}

const MAX_ENTRIES = 10_000

/**
 * One entry for each recipient found or `named`; their outcome is the first of `outcomes` that applies to one of their
 * runs, or the last, `not_found`, if they have none.
 */
export function answerOf<Outcome extends string>(
  rows: FoundRow[],
  named: readonly string[] | null,
  sentSteps: ReadonlyMap<number, number[]>,
  outcomes: readonly Outcome[],
  outcomeOf: (row: FoundRow) => Outcome,
): Answer<Outcome> {
  const byRecipient = new Map<string, FoundRow[]>((named ?? []).map((recipient) => [recipient, []]))
  for (const row of rows) {
    const same = byRecipient.get(row.recipient)
    if (same === undefined) byRecipient.set(row.recipient, [row])
    else same.push(row)
  }
  const summary = Object.fromEntries(outcomes.map((outcome) => [outcome, 0])) as Record<Outcome, number>
  const recipients: RecipientAnswer<Outcome>[] = []
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
      runs: found.map((row) => ({
        workflow_run_id: row.workflowRunId,
        workflow_recipient_run_id: recipientRunUuid(row.workflowRunId, row.id),
        outcome: outcomeOf(row),
        messages: (sentSteps.get(row.id) ?? []).map((step) => messageId(row, { recipientRunId: row.id, step })),
        in_flight: row.status === 'claimed' ? row.step : null,
      })),
    })
  }
  return { summary, recipients, ...(byRecipient.size > MAX_ENTRIES ? { truncated: true as const } : {}) }
}
