import type { Logger } from 'pino'
import { NoAnswer } from '../channels/http-client.ts'
import { isSending } from '../channels/registry.ts'
import { NotSent, oneLine, RECEIPTS_AT_ONCE, type Receipt } from '../channels/sender.ts'
import type { Senders } from '../channels/senders.ts'
import type { Channel } from '../definitions/catalog.ts'
import type { Outbox } from '../events/outbox.ts'
import { loadChannels } from '../store/catalog/definitions.ts'
import { applyReports } from '../store/messages/apply-reports.ts'
import { forgetReceipts, takeReceipts, type DueReceipt } from '../store/messages/receipts.ts'
import type { Database } from '../store/postgres/database.ts'
import { dropDevices } from '../store/profiles/drop-devices.ts'

/** Questions of one pass. */
const ROUNDS = 10
/** For the answers to all questions of a round. */
const PATIENCE_MS = 20_000

export interface ReceiptDeps {
  db: Database
  /** The store's clock, epoch milliseconds. */
  now: () => number
  senders: Senders
  outbox: Outbox
  log: Logger
}

type Asked = DueReceipt & { receipt: Receipt }

/**
 * Asks providers that do not tell by themselves what became of messages they took, and moves the messages. What a provider
 * does not know yet, or does not answer, is asked again later. Bounded: what is left is for the next pass.
 */
export async function askReceipts(deps: ReceiptDeps): Promise<void> {
  const { db, now, outbox } = deps
  for (let round = 0; round < ROUNDS; round += 1) {
    const due = await takeReceipts(db, RECEIPTS_AT_ONCE, now())
    if (due.length === 0) return
    const channels = new Map((await loadChannels(db)).map((channel) => [channel.id, channel]))
    const ids = [...new Set(due.map(({ channelId }) => channelId))]
    const signal = AbortSignal.timeout(PATIENCE_MS)
    const ofChannels = await Promise.all(
      ids.map((id) => {
        const theirs = due.filter(({ channelId }) => channelId === id)
        return answered(channels.get(id), theirs, signal, deps)
      }),
    )
    const known = ofChannels.flat()
    const reports = known.map(({ messageId, receipt: { status, reason } }) => ({ messageId, status, reason }))
    await applyReports(db, reports, null, now(), outbox)
    const gone = known.flatMap(({ receipt, recipient, channelId, token }) =>
      receipt.isGone && token !== null ? [{ recipient, channelId, token }] : [],
    )
    await dropDevices(db, gone, now())
    await forgetReceipts(db, known)
    if (due.length < RECEIPTS_AT_ONCE) return
  }
}

async function answered(
  channel: Channel | undefined,
  due: readonly DueReceipt[],
  signal: AbortSignal,
  { senders, log }: ReceiptDeps,
): Promise<Asked[]> {
  // One that a reload took away may come back.
  if (channel === undefined || !isSending(channel.type)) return []
  try {
    const externalIds = due.map(({ externalId }) => externalId)
    const receipts = await senders[channel.type].receipts?.(externalIds, channel, signal)
    return due.flatMap((each) => {
      const receipt = receipts?.get(each.externalId)
      return receipt === undefined ? [] : [{ ...each, receipt }]
    })
  } catch (error) {
    if (!(error instanceof NoAnswer) && !(error instanceof NotSent)) throw error
    const reason = oneLine(error.message)
    log.warn({ channel: channel.key, messages: due.length, reason }, 'a provider did not say what became of messages')
    return []
  }
}
