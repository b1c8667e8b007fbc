import { withDeadline } from '../channels/deadline.ts'
import type { Exchange } from '../channels/exchange.ts'
import { oneLine, type Outgoing, type Sender, type SendResult } from '../channels/sender.ts'
import type { Channel } from '../definitions/catalog.ts'
import type { TryLog } from '../store/messages/settled-try.ts'

const never = new AbortController().signal

/** Of one try: a message goes to many devices. */
const MOST_EXCHANGES = 20

/**
 * One try; `exchanges` gets what passed in it. Never rejects: a sender that throws has a fault of ours, and whether the
 * content had been handed over by then is all that is known.
 */
export async function tryToSend(
  sender: Sender<unknown>,
  outgoing: Outgoing<unknown>,
  channel: Channel,
  exchanges: Exchange[],
): Promise<SendResult> {
  const handedOver = { isIt: false }
  const onHandedOver = () => {
    handedOver.isIt = true
  }
  const onAnswered = (exchange: Exchange) => {
    if (exchanges.length < MOST_EXCHANGES) exchanges.push(exchange)
  }
  const send = (signal: AbortSignal) => sender.send(outgoing, channel, { signal, onHandedOver, onAnswered })
  try {
    return await withDeadline(never, sender.timeoutMs, send)
  } catch (error) {
    const reason = oneLine(error instanceof Error ? error.message : String(error))
    return handedOver.isIt ? { kind: 'unknown', reason, repeatable: false } : { kind: 'not_taken', reason }
  }
}

/** What is kept of a try; undefined: nothing reached out. */
export function logOf(result: SendResult, service: string, exchanges: Exchange[]): TryLog | undefined {
  if (result.kind === 'not_sent' && exchanges.length === 0) return undefined
  const reply = 'reason' in result ? result.reason : (result.externalId ?? null)
  return { outcome: result.kind, service, reply, exchanges }
}
