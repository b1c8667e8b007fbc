import { pendingRunsOf } from '../store/pending-runs.ts'
import { outcomes, type Outcome, type Verdict } from '../store/verdict.ts'
import { cancelEach } from './cancel-pending.ts'
import type { Context } from './route.ts'

/** Runs looked up at once. */
const PAGE = 200

/** Cancels everything pending for one user. */
export async function cancelUser(
  context: Context,
  id: string,
  {
    workflow = null,
    tenant = null,
    reason,
  }: { workflow?: string | null; tenant?: string | null; reason?: string | null },
) {
  const verdicts: Verdict[] = []
  for (;;) {
    const runs = await pendingRunsOf(context.store.db, id, { workflow, tenant }, PAGE)
    // By trigger: under one key, those of another tenant are not addressed.
    for (const { workflowRunIds, ...run } of runs) {
      for (const workflowRunId of workflowRunIds) {
        for await (const each of cancelEach(context, [run], { recipients: [id], workflowRunId, reason }))
          verdicts.push(each)
      }
    }
    if (runs.length < PAGE) break
  }
  return { user: id, status: statusOf(verdicts), summary: summaryOf(verdicts), verdicts }
}

export function statusOf(verdicts: Verdict[]): Verdict['status'] {
  return verdicts.some(({ status }) => status === 'applied') ? 'applied' : 'nothing_pending'
}

export function summaryOf(verdicts: Verdict[]): Record<Outcome, number> {
  const sum = (outcome: Outcome) => verdicts.reduce((total, { summary }) => total + summary[outcome], 0)
  return Object.fromEntries(outcomes.map((outcome) => [outcome, sum(outcome)])) as Record<Outcome, number>
}
