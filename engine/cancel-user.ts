import { pendingRunsOf } from '../store/runs/pending-runs.ts'
import { cancelEach } from './cancel-pending.ts'
import type { Context } from '../api/http/route.ts'
import { Verdicts } from './verdicts.ts'

/** Runs looked up at once. */
const PAGE = 200

/** Cancels everything pending for one user, run by run: a verdict for each, of the triggers addressed. */
export async function cancelUser(
  context: Context,
  id: string,
  {
    workflow = null,
    tenant = null,
    reason,
  }: { workflow?: string | null; tenant?: string | null; reason?: string | null },
) {
  const verdicts = new Verdicts()
  for (;;) {
    const runs = await pendingRunsOf(context.store.db, id, { workflow, tenant }, PAGE)
    // By their triggers: under one key, those of another tenant are not addressed.
    for (const { workflowRunIds, ...run } of runs) {
      for await (const verdict of cancelEach(context, [run], { recipients: [id], workflowRunIds, reason }))
        verdicts.add(verdict)
    }
    if (runs.length < PAGE) break
  }
  return { user: id, ...verdicts.answer() }
}
