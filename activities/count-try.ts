import { countMessage, leaseLosses, timeSend } from '../metrics/counted.ts'
import type { MessageToSend } from '../store/messages/load-to-send.ts'
import type { MessageKey } from '../store/ids/message-id.ts'
import type { SettledTry } from '../store/messages/settled-try.ts'

/** Counts how a try ended, as it was recorded; undefined: its lease was lost by then. */
export function countTry(channelType: string, settled: SettledTry | undefined): void {
  if (settled === undefined) leaseLosses.inc({ how: 'lost' })
  else countMessage(channelType, endOf(settled))
}

/** A try that a cancel met on its way, and that did not arrive, is a message taken back. */
function endOf({ status, canceled }: SettledTry) {
  if (status === 'queued') return 'retried'
  return status === 'not_sent' && canceled ? 'canceled' : status
}

/** Counts the leases of others that had run out, and that these claims have taken over. */
export function countTakenOver(messages: readonly MessageToSend[], taken: readonly MessageKey[]): void {
  const late = new Set(messages.filter(({ claim }) => claim !== null).map(({ recipientRunId }) => recipientRunId))
  leaseLosses.inc({ how: 'taken_over' }, taken.filter(({ recipientRunId }) => late.has(recipientRunId)).length)
}

/** Sends, and measures how long that took. */
export async function timed<Result>(channelType: string, send: () => Promise<Result>): Promise<Result> {
  const began = performance.now()
  const result = await send()
  timeSend(channelType, (performance.now() - began) / 1_000)
  return result
}
