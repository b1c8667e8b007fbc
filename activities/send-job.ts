import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Channel } from '../definitions/catalog.ts'
import type { ChannelType } from '../definitions/definition.ts'
import type { Pacing } from '../channels/pacing.ts'
import type { Exchange } from '../channels/exchange.ts'
import { oneLine, type Outgoing, type Sender, type SendResult } from '../channels/sender.ts'
import type { Senders } from '../channels/senders.ts'
import type { Outbox } from '../events/outbox.ts'
import { messageId, type MessageKey } from '../store/ids/message-id.ts'
import { recipientReference } from '../store/ids/recipient.ts'
import { triggerIdOf } from '../store/ids/row-id.ts'
import { loadDataUnder } from '../store/messages/attachments.ts'
import { claimMessages } from '../store/messages/claims.ts'
import type { MessageToSend } from '../store/messages/load-to-send.ts'
import { settleMessages, type SettledTry, type TryLog, type TrySettlement } from '../store/messages/settle-messages.ts'
import { loadFirstActivities } from '../store/batches/first-activities.ts'
import type { Database } from '../store/postgres/database.ts'
import { dropDevices } from '../store/profiles/drop-devices.ts'
import type { OwnTrigger } from '../store/recipient-runs/load-walks.ts'
import type { Json, JsonObject } from '../store/schema/index.ts'
import type { StoreIdentity } from '../workflows/messages.ts'
import { countTakenOver, countTry, timed } from './count-try.ts'
import { traceWork } from '../metrics/tracing.ts'
import { Gathered } from './gather.ts'
import { neverPasses } from './in-parts.ts'
import { LEASE_MS, type Leases } from './leases.ts'
import { outcomeOf } from './outcome.ts'
import { renderAgain, type Ready } from './render-again.ts'
import type { Tally } from './tally.ts'

/** At most so many messages are claimed, or recorded, by one statement: their contents are in memory. */
const MOST = 50
/** Of one try: a message goes to many devices. */
const MOST_EXCHANGES = 20
const STALLED: SendResult = { kind: 'not_taken', reason: 'the worker stalled before the send' }
/** Results that a trace shows as an error. */
const FAILED = new Set<SendResult['kind']>(['refused', 'not_taken', 'unknown'])
/** While the store is away an outcome is offered to it again this often. */
const RECORD_AGAIN_MS = { first: 100, most: 2_000 }

export interface DeliverDeps {
  db: Database
  store: StoreIdentity
  /** The store's clock, epoch milliseconds. */
  now: () => number
  senders: Senders
  pacing: Pacing
  leases: Leases
  outbox: Outbox
  log: Logger
}

export interface SendContext {
  channels: ReadonlyMap<string, Channel>
  properties: ReadonlyMap<string, JsonObject>
  /** What is known of a recipient, by their key, at a channel, by its id. */
  channelData: (recipient: string, channelId: string) => JsonObject | undefined
  triggers: ReadonlyMap<number, OwnTrigger>
  tally: Tally
  /** Claims nothing more, and waits for nobody: the rest of the chunk is handed back. */
  stop: AbortSignal
}

interface Claimed extends Ready {
  attachments: Json | undefined
  /** When the lease began, by this process's monotonic clock. */
  at: number
}

/** The sends of one chunk. */
export class SendJob {
  readonly #deps: DeliverDeps
  readonly #context: SendContext
  readonly #claims: Gathered<MessageToSend, Claimed | undefined>
  readonly #records: Gathered<TrySettlement, SettledTry | undefined>

  constructor(deps: DeliverDeps, context: SendContext) {
    this.#deps = deps
    this.#context = context
    this.#claims = new Gathered(MOST, (messages) => this.#claim(messages))
    this.#records = new Gathered(MOST, (settlements) => this.#record(settlements))
  }

  /** Resolves when each message was sent and recorded, or `stop` came: what is being sent then goes on by itself. */
  async run(messages: readonly MessageToSend[]): Promise<void> {
    const { stop } = this.#context
    const stopped = new Promise<void>((resolve) => stop.addEventListener('abort', () => resolve(), { once: true }))
    const sends = messages.map((message) => this.#sendInTurn(message))
    await Promise.race([Promise.all(sends), stopped])
  }

  async #sendInTurn(message: MessageToSend): Promise<void> {
    const { pacing, log } = this.#deps
    const type = message.channelType as ChannelType
    const sender = this.#senderOf(type)
    const channel = this.#channelOf(message)
    try {
      await pacing.turn(channel, sender.concurrency, this.#context.stop, () => this.#send(message, channel))
    } catch (error) {
      // Its lease runs out, and it is looked at again then.
      log.error({ err: error, ...this.#which(message) }, 'a send went wrong')
    }
  }

  async #send(message: MessageToSend, channel: Channel): Promise<void> {
    const { leases, now } = this.#deps
    const claimed = await this.#claims.add(message)
    if (claimed === undefined) return
    const sender = this.#senderOf(message.channelType as ChannelType)
    await leases.hold(message, sender.timeoutMs, async () => {
      const trigger = this.#context.triggers.get(triggerIdOf(message.recipientRunId))!
      const part = traceWork(`send ${message.channelType}`, 'client', trigger.trace, {
        'belay.workflow_run_id': trigger.workflowRunId,
        'belay.message_id': messageId(trigger, message),
        'belay.channel_type': message.channelType,
        'belay.attempt': message.attempt + 1,
      })
      const outgoing = {
        messageId: messageId(trigger, message),
        traceparent: part?.traceparent,
        recipient: {
          reference: recipientReference(message.recipient),
          properties: this.#context.properties.get(message.recipient) ?? {},
          channelData: this.#context.channelData(message.recipient, message.channelId),
        },
        content: claimed.content,
        attachments: claimed.attachments,
      }
      // A send that starts late in its lease may meet the next one's.
      const isFresh = performance.now() - claimed.at < LEASE_MS / 2
      const { problem } = claimed
      const exchanges: Exchange[] = []
      const result: SendResult =
        problem !== undefined
          ? { kind: 'not_sent', reason: problem }
          : isFresh
            ? await timed(message.channelType, () => tryToSend(sender, outgoing, channel, exchanges))
            : STALLED
      part?.add({ 'belay.outcome': result.kind, 'belay.provider': channel.provider })
      part?.end(FAILED.has(result.kind) ? result.kind : undefined)
      const outcome = outcomeOf(result, { attempt: message.attempt, now: now() })
      const { recipientRunId, number } = message
      const log = result === STALLED ? undefined : logOf(result, channel.provider, exchanges)
      const settlement: TrySettlement = { recipientRunId, number, outcome, filled: result.filled, log }
      if (result.kind === 'sent' && result.receiptAfterMs !== undefined)
        settlement.receiptDue = now() + result.receiptAfterMs
      const settled = await this.#records.add(settlement)
      countTry(message.channelType, settled)
      this.#tellTry(message, settled, result)
      if (result.gone !== undefined) await this.#drop(message, result.gone)
      if (settled !== undefined && !this.#context.stop.aborted) {
        this.#context.tally.addTry(settled, settlement, message.channelType)
      }
    })
  }

  #senderOf(type: ChannelType): Sender<unknown> {
    if (type === 'in_app_feed') throw new TypeError('an in-app message is its row: nothing sends it')
    return this.#deps.senders[type]
  }

  async #claim(messages: readonly MessageToSend[]): Promise<(Claimed | undefined)[]> {
    const { db, leases, now } = this.#deps
    const began = performance.now()
    const at = now()
    const taken = await claimMessages(db, messages, leases.owner, { now: at, leaseUntil: at + LEASE_MS })
    countTakenOver(messages, taken)
    const channelIds = new Map(messages.map(({ recipientRunId, channelId }) => [recipientRunId, channelId]))
    const channelOf = ({ recipientRunId }: MessageKey) =>
      this.#context.channels.get(channelIds.get(recipientRunId) ?? '')
    const claimed = await renderAgain(db, taken, leases.owner, at, channelOf)
    const asked = claimed.flatMap((message) => {
      const key = attachmentKeyOf(message)
      return key === null ? [] : [{ message, key }]
    })
    const firsts = await loadFirstActivities(
      db,
      asked.map(({ message }) => message),
    )
    const rowOf = ({ recipientRunId }: Ready) => firsts.get(recipientRunId) ?? recipientRunId
    const attached = await loadDataUnder(
      db,
      asked.map(({ message, key }) => ({ recipientRunId: rowOf(message), key })),
    )
    const byRow = new Map(
      claimed.map((message) => {
        const attachments = attached.get(rowOf(message))
        return [message.recipientRunId, { ...message, attachments, at: began }]
      }),
    )
    return messages.map(({ recipientRunId }) => byRow.get(recipientRunId))
  }

  /** Offered until the store takes it: what is known of a send is not lost while this process lives. */
  async #record(settlements: readonly TrySettlement[]): Promise<(SettledTry | undefined)[]> {
    const { db, leases, now, outbox, log } = this.#deps
    for (let wait = RECORD_AGAIN_MS.first; ; wait = Math.min(2 * wait, RECORD_AGAIN_MS.most)) {
      try {
        const settled = await settleMessages(db, settlements, leases.owner, now(), outbox)
        const byRow = new Map(settled.map((each) => [each.recipientRunId, each]))
        return settlements.map(({ recipientRunId }) => byRow.get(recipientRunId))
      } catch (error) {
        if (neverPasses(error)) throw error
        if (wait === RECORD_AGAIN_MS.first) {
          const which = { ...this.#which(settlements[0]!), messages: settlements.length }
          log.warn({ err: error, ...which }, 'the store does not take what was sent; offered again')
        }
        await sleep(wait)
      }
    }
  }

  #tellTry(message: MessageToSend, settled: SettledTry | undefined, { kind }: SendResult): void {
    const { log } = this.#deps
    if (!log.isLevelEnabled('debug')) return
    const trigger = this.#context.triggers.get(triggerIdOf(message.recipientRunId))!
    log.debug(
      {
        workflow_run_id: trigger.workflowRunId,
        message: messageId(trigger, message),
        channel: message.channelType,
        attempt: message.attempt + 1,
        outcome: kind,
        status: settled?.status ?? 'its lease was lost',
      },
      settled?.status === 'queued' ? 'a send is tried again' : 'a send was tried',
    )
  }

  /** A device that the provider says is no more gets nothing from now on. Where that fails, the next message tries again. */
  async #drop({ recipient, channelId }: MessageToSend, tokens: readonly string[]): Promise<void> {
    const { db, now, log } = this.#deps
    const gone = tokens.map((token) => ({ recipient, channelId, token }))
    try {
      const dropped = await dropDevices(db, gone, now())
      if (dropped.length > 0)
        log.info({ recipient, channelId, devices: tokens.length }, 'devices that are gone were dropped')
    } catch (error) {
      log.warn({ err: error, recipient, channelId }, 'a device that is gone could not be dropped')
    }
  }

  /** What a line of log is found by; of several, by the first. */
  #which({ recipientRunId, number }: MessageKey) {
    const trigger = this.#context.triggers.get(triggerIdOf(recipientRunId))
    return { workflow_run_id: trigger?.workflowRunId, recipientRun: recipientRunId, number }
  }

  #channelOf({ channelId: id, channelType }: MessageToSend): Channel {
    const type = channelType as ChannelType
    return this.#context.channels.get(id) ?? { id, key: id, type, name: type, provider: type, settings: {} }
  }
}

function attachmentKeyOf({ content }: Ready): string | null {
  const { settings } = content
  if (typeof settings !== 'object' || settings === null || Array.isArray(settings)) return null
  const key = settings['attachment_key']
  return typeof key === 'string' ? key : null
}

/** What is kept of a try; undefined: nothing reached out. */
function logOf(result: SendResult, service: string, exchanges: Exchange[]): TryLog | undefined {
  if (result.kind === 'not_sent' && exchanges.length === 0) return undefined
  const reply = 'reason' in result ? result.reason : (result.externalId ?? null)
  return { outcome: result.kind, service, reply, exchanges }
}

/** One try. A sender that throws has a fault of ours: whether the content had been handed over by then is all that is known. */
async function tryToSend(
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
  const attempt = { signal: AbortSignal.timeout(sender.timeoutMs), onHandedOver, onAnswered }
  try {
    return await sender.send(outgoing, channel, attempt)
  } catch (error) {
    const reason = oneLine(error instanceof Error ? error.message : String(error))
    return handedOver.isIt ? { kind: 'unknown', reason, repeatable: false } : { kind: 'not_taken', reason }
  }
}
