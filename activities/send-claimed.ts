import type { ChannelStep } from '../definitions/definition.ts'
import type { Channel } from '../definitions/catalog.ts'
import type { Database } from '../store/postgres/database.ts'
import { claim, type Holder } from '../store/recipient-runs/claims.ts'
import { settle, type Settlement } from '../store/recipient-runs/settle.ts'
import type { Outbox } from '../events/outbox.ts'
import { recipientReference } from '../store/ids/recipient.ts'
import type { SendResult } from '../channels/sender.ts'
import type { Pacing } from '../channels/pacing.ts'
import type { Senders } from '../channels/senders.ts'
import { standing, type Delivery } from './chunk.ts'
import type { Rendered } from '../templates/content.ts'
import { renderMessage } from './message.ts'
import { afterSend, halt } from './settlements.ts'

/** A send that starts this long after its claim may meet the next attempt's: it is put off instead. */
const CLAIM_FRESH_MS = 4_000

type SentStep = Exclude<ChannelStep, { channelType: 'in_app_feed' }>

export interface SendClaimed {
  db: Database
  senders: Senders
  pacing: Pacing
  outbox: Outbox
  channels: ReadonlyMap<string, Channel>
  holder: Holder
  deliveries: { delivery: Delivery; step: SentStep }[]
  /** Claims nothing more: the rest of the chunk is handed back. */
  stop: AbortSignal
  /** The activity is canceled: sends under way give up. */
  canceled: AbortSignal
  now: () => number
  settled: (settlements: readonly Settlement[], effects: ReadonlyMap<number, { canceled: boolean }>) => void
}

/**
 * Sends through a provider, each recipient claimed just before their own send, so that a cancel still reaches the rest
 * of the chunk. What is sent is recorded at once, together with whatever else was sent meanwhile.
 */
export async function sendClaimed(job: SendClaimed): Promise<void> {
  const records = new Records(job)
  await Promise.all(
    job.deliveries.map(async ({ delivery, step }) => {
      // What an earlier attempt had claimed is not handed back: it waits for its turn.
      const stop = delivery.row.status === 'claimed' ? never : job.stop
      const { concurrency } = job.senders[step.channelType]
      const channel = channelOf(job, step)
      const settlement = await job.pacing.turn(channel, concurrency, stop, () => sendOne(job, delivery, step, channel))
      if (settlement !== undefined) await records.add(settlement)
    }),
  )
}

const never = new AbortController().signal

function channelOf({ channels }: SendClaimed, { channel: { id, key }, channelType: type }: SentStep): Channel {
  return channels.get(key) ?? { id, key, type, name: key, provider: type, settings: {} }
}

async function sendOne(
  job: SendClaimed,
  delivery: Delivery,
  step: SentStep,
  to: Channel,
): Promise<Settlement | undefined> {
  const { db, holder, now } = job
  const { row } = delivery
  const rendered = renderMessage(delivery, step)
  // A template that fails ends the recipient run; its claim is taken all the same, so that the settlement is ours.
  const message = 'message' in rendered ? rendered.message : null
  const { ref: stepRef, channel } = step
  const written = message ?? { step: row.step, stepRef, channelId: channel.id, content: {} }
  if (!(await claim(db, row, written, holder, now()))) return undefined
  if ('problem' in rendered) {
    const settlement = halt(standing(delivery, now()), rendered.problem)
    const failed = { ...written, recipient: row.recipient, status: 'undelivered', reason: rendered.problem } as const
    return { ...settlement, message: { ...failed, externalId: null } }
  }
  const claimedAt = performance.now()
  const result = await send(job, delivery, { step, to }, rendered.message.content, () => performance.now() - claimedAt)
  const content = { ...rendered.message.content, ...result.filled }
  return afterSend(standing(delivery, now()), result, { ...rendered.message, content })
}

async function send(
  { senders, canceled }: SendClaimed,
  { messageId, recipient, row }: Delivery,
  { step, to }: { step: SentStep; to: Channel },
  content: Rendered['content'],
  sinceClaim: () => number,
): Promise<SendResult> {
  if (sinceClaim() > CLAIM_FRESH_MS) return { kind: 'not_taken', reason: 'the worker stalled before the send' }
  const outgoing = {
    messageId,
    recipient: { reference: recipientReference(row.recipient), properties: recipient.properties },
    content: content as never,
  }
  try {
    return await senders[step.channelType].send(outgoing, to, { signal: canceled, onHandedOver: () => undefined })
  } catch (error) {
    return { kind: 'not_taken', reason: error instanceof Error ? error.message : String(error) }
  }
}

/** Records what was sent, in batches: while one is written the next gathers. */
class Records {
  readonly #job: SendClaimed
  #waiting: Settlement[] = []
  #writing: Promise<void> | undefined

  constructor(job: SendClaimed) {
    this.#job = job
  }

  async add(settlement: Settlement): Promise<void> {
    this.#waiting.push(settlement)
    while (this.#waiting.includes(settlement)) {
      this.#writing ??= this.#write()
      await this.#writing
    }
  }

  async #write(): Promise<void> {
    const { db, outbox, holder, now, settled } = this.#job
    const batch = this.#waiting
    this.#waiting = []
    try {
      settled(batch, await settle(db, batch, holder, now(), outbox))
    } finally {
      this.#writing = undefined
    }
  }
}
