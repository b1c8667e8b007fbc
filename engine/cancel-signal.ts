import type { Canceled } from '../store/recipient-runs/cancel.ts'
import type { PendingSignal } from '../store/signals/pending-signals.ts'

/** What a run is to be told of a cancel; nothing, if nothing of it slept. */
export function cancelSignalOf(
  address: { workflowId: string; definition: string; cancelationKey: string | null },
  { signal }: Canceled,
): PendingSignal[] {
  if (signal === null) return []
  const { id, ...message } = signal
  return [{ ...address, id, kind: 'cancel', message }]
}
