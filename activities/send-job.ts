import type { Logger } from 'pino'
import type { Channel } from '../definitions/catalog.ts'
import type { ChannelType } from '../definitions/channel-types.ts'
import type { Pacing } from '../channels/pacing.ts'
import type { Exchange } from '../channels/exchange.ts'
import { isSending } from '../channels/registry.ts'
import type { Sender, SendResult } from '../channels/sender.ts'
import type { Senders } from '../channels/senders.ts'
import type { Outbox } from '../events/outbox.ts'
import { messageId, type MessageKey } from '../store/ids/message-id.ts'
import { recipientReference } from '../store/ids/recipient.ts'
import { triggerIdOf } from '../store/ids/row-id.ts'
import type { MessageToSend } from '../store/messages/load-to-send.ts'
import type { SettledTry, TrySettlement } from '../store/messages/settled-try.ts'
import type { Database } from '../store/postgres/database.ts'
import { dropDevices } from '../store/profiles/drop-devices.ts'
import type { OwnTrigger } from '../store/recipient-runs/load-walks.ts'
import type { JsonObject } from '../store/schema/index.ts'
import type { StoreIdentity } from '../workflows/store-identity.ts'
import { claimToSend, type Claimed } from './claim-to-send.ts'
import { countTry, timed } from './count-try.ts'
import { traceWork } from '../metrics/tracing.ts'
import { Gathered } from './gather.ts'
import { LEASE_MS, type Leases } from './leases.ts'
import { outcomeOf } from './outcome.ts'
import { recordTries } from './record-tries.ts'
import type { Tally } from './tally.ts'
import { logOf, tryToSend } from './try-to-send.ts'

/** At most so many messages are claimed, or recorded, by one statement: their contents are in memory. */
const MOST = 50
/**
 * Its activity has answered by then, or its run may hear another attempt's answer instead: a process that stood still does
 * not know. The server waits twice as long for a sign of life.
 */
const HEARD_MS = 5_000
const STALLED: SendResult = { kind: 'not_taken', reason: 'the worker stalled before the send' }
/** Results that a trace shows as an error. */
const FAILED = new Set<SendResult['kind']>(['refused', 'not_taken', 'unknown'])

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
  /** How far apart a lease that ran out is looked at; LOOK_AGAIN_MS unless given. */
  lookAgainMs?: number
}

export interface SendContext {
  channels: ReadonlyMap<string, Channel>
  /** By key; null where they are large: they are loaded with what is sent. */
  properties: ReadonlyMap<string, JsonObject | null>
  /** What is known of a recipient, by their key, at a channel, by its id. */
  channelData: (recipient: string, channelId: string) => JsonObject | undefined
  triggers: ReadonlyMap<number, OwnTrigger>
  tally: Tally
  /** When the activity began, by the store's clock: before it waited for anything. */
  began: number
  /** Claims nothing more, and waits for nobody: the rest of the chunk is handed back. */
  stop: AbortSignal
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
    this.#claims = new Gathered(MOST, (messages) => claimToSend(deps, messages, context))
    // The run was told the end of the lease. Due before it, and beyond the edge of its window, no page would have the message.
    const isLate = () => context.stop.aborted || deps.now() - context.began > HEARD_MS
    this.#records = new Gathered(MOST, (tries) =>
      recordTries({ ...deps, isLate }, tries, (first) => this.#which(first)),
    )
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
    const sender = this.#senderOf(message.channelType)
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
    const sender = this.#senderOf(message.channelType)
    await leases.hold(message, sender.timeoutMs, async () => {
      const { result, exchanges } = await this.#try(message, channel, claimed)
      const outcome = outcomeOf(result, { attempt: message.attempt, now: now() })
      const { recipientRunId, number, revision } = message
      const log = result === STALLED ? undefined : logOf(result, channel.provider, exchanges)
      const settlement: TrySettlement = { recipientRunId, number, revision, outcome, filled: result.filled, log }
      if (result.kind === 'sent' && result.receiptAfterMs !== undefined)
        settlement.receiptDue = now() + result.receiptAfterMs
      const settled = await this.#records.add(settlement)
      countTry(message.channelType, settled)
      this.#logTry(message, settled, result)
      if (result.gone !== undefined) await this.#drop(message, result.gone)
      if (settled !== undefined && !this.#context.stop.aborted) {
        this.#context.tally.addTry(settled, settlement, message.channelType)
      }
    })
  }

  /** One try of what was claimed, and what passed in it: a span of its trigger's trace. */
  async #try(message: MessageToSend, channel: Channel, claimed: Claimed) {
    const trigger = this.#context.triggers.get(triggerIdOf(message.recipientRunId))!
    const id = messageId(trigger, message)
    const part = traceWork(`send ${message.channelType}`, 'client', trigger.trace, {
      'belay.workflow_run_id': trigger.workflowRunId,
      'belay.message_id': id,
      'belay.channel_type': message.channelType,
      'belay.attempt': message.attempt + 1,
    })
    const outgoing = {
      messageId: id,
      traceparent: part?.traceparent,
      recipient: {
        reference: recipientReference(message.recipient),
        properties: this.#context.properties.get(message.recipient) ?? claimed.properties ?? {},
        channelData: this.#context.channelData(message.recipient, message.channelId),
      },
      content: claimed.content,
      attachments: claimed.attachments,
    }
    const exchanges: Exchange[] = []
    const result = await this.#resultOf(claimed, message, () => {
      return tryToSend(this.#senderOf(message.channelType), outgoing, channel, exchanges)
    })
    part?.add({ 'belay.outcome': result.kind, 'belay.provider': channel.provider })
    part?.end(FAILED.has(result.kind) ? result.kind : undefined)
    return { result, exchanges }
  }

  /** Sends, unless its content has a problem, or it would start so late in its lease that it may meet the next one's send. */
  async #resultOf(
    { problem, at }: Claimed,
    message: MessageToSend,
    send: () => Promise<SendResult>,
  ): Promise<SendResult> {
    if (problem !== undefined) return { kind: 'not_sent', reason: problem }
    const isFresh = performance.now() - at < LEASE_MS / 2
    return isFresh ? timed(message.channelType, send) : STALLED
  }

  #senderOf(type: ChannelType): Sender<unknown> {
    if (!isSending(type)) throw new TypeError(`a message of ${type} is its row: nothing sends it`)
    return this.#deps.senders[type]
  }

  #logTry(message: MessageToSend, settled: SettledTry | undefined, { kind }: SendResult): void {
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

  #channelOf({ channelId: id, channelType: type }: MessageToSend): Channel {
    return this.#context.channels.get(id) ?? { id, key: id, type, name: type, provider: type, settings: {} }
  }
}
