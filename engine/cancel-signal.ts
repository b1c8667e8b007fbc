import type { Canceled } from '../store/recipient-runs/cancel.ts'
import type { PendingSignal } from '../store/signals/pending-signals.ts'

/** What a run is to be told of a cancel; nothing, if none of its rows slept. */
export function cancelSignalOf(
  address: { workflowId: string; definition: string; cancelationKey: string | null },
  { signal }: Canceled,
): PendingSignal[] {
  return signal === null ? [] : [{ ...address, id: signal.id, kind: 'cancel', message: signal.message }]
}
