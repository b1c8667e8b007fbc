import { noOutbox } from '../../events/outbox.ts'
import { countVerdict } from '../../metrics/counted.ts'
import { archiveSent } from '../messages/archive-sent.ts'
import { onCommit, type Database } from '../postgres/database.ts'
import { lockRecipientRuns, type Which } from './lock-recipient-runs.ts'
import { markCanceled, type CancelOrigin, type CancelSignal } from './mark-canceled.ts'
import { judge, verdictOf, type Verdict } from './verdict.ts'

export interface Cancel extends Which, CancelOrigin {
  archiveSent: boolean
}

export interface Canceled {
  verdict: Verdict
  signal: CancelSignal | null
}

/**
 * Takes recipients out, and says truthfully what that did. Sees the key's current or last generation. The key's row is
 * locked first, then the rows in their order, then their messages; what the verdict says is final when the caller's
 * transaction commits.
 */
export async function cancelIn(
  tx: Database,
  key: { workflow: string; cancelationKey: string | null },
  request: Cancel,
  outbox = noOutbox,
): Promise<Canceled> {
  const rows = await lockRecipientRuns(tx, request)
  const judged = new Map(rows.map((row) => [row, judge(row)] as const))
  const archived = request.archiveSent ? await archiveSent(tx, rows, request.now, outbox) : []
  const signal = await markCanceled(tx, judged, request, outbox)
  const verdict = verdictOf(key, judged, request.recipients, archived)
  onCommit(tx, () => countVerdict(verdict.summary))
  return { verdict, signal }
}
