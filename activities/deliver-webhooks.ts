import { cancellationSignal, heartbeat } from '@temporalio/activity'
import pLimit, { type LimitFunction } from 'p-limit'
import type { Logger } from 'pino'
import type { Database } from '../store/postgres/database.ts'
import { loadMessages } from '../store/messages/message-list.ts'
import { messageOf } from '../resources/message-shape.ts'
import type { Outbox } from '../events/outbox.ts'
import { loadRecipientRuns } from '../store/recipient-runs/recipient-run-list.ts'
import { storeIdentity } from '../store/environment/store-identity.ts'
import { recipientRunOf } from '../resources/recipient-run-shape.ts'
import {
  loadDueEvents,
  markDeliveries,
  untilNextDue,
  type DueEvent,
  type FailedDelivery,
} from '../store/webhook-events/webhook-events.ts'
import type { WebhookEndpoint } from '../settings/webhook-endpoints.ts'
import type { WebhookTurn } from '../workflows/other-activities.ts'
import type { WebhookBody, WebhookSender } from '../events/webhooks/webhook-sender.ts'
import { webhookPosts } from '../metrics/counted.ts'
import { partsOf } from './in-parts.ts'
import { BACKOFF_S } from './outcome.ts'
import { untilTaken } from './until-taken.ts'

const BATCH = 100
const CONCURRENCY = 20
/** One activity goes on this long while there is something due; with one answer more it is through before a worker that stops cuts it off. */
const PATIENCE_MS = 8_000
const HEARTBEAT_MS = 3_000

export interface DeliverWebhooksDeps {
  db: Database
  outbox: Outbox
  webhooks: WebhookSender
  log: Logger
}

/**
 * Posts what is due for an endpoint, and records how that went after each batch, offered until the store takes it: a crash in
 * between posts a batch again, with the same event ids.
 */
export function createDeliverWebhooks(deps: DeliverWebhooksDeps): (endpoint: string) => Promise<WebhookTurn> {
  const { db, outbox, log } = deps
  // A try that Temporal has given up, since it was away too, may still be at its record.
  const turns = new Map<string, LimitFunction>()
  const turnOf = (key: string): LimitFunction => {
    const turn = turns.get(key) ?? pLimit(1)
    turns.set(key, turn)
    return turn
  }
  return async (key) => {
    const turn: WebhookTurn = { delivered: 0, failed: 0, nextInMs: null }
    const endpoint = outbox.endpoints.find((candidate) => candidate.key === key)
    if (endpoint === undefined) {
      log.warn({ endpoint: key }, 'webhook events wait for an endpoint that BELAY_WEBHOOKS no longer names')
      return turn
    }
    const beat = setInterval(heartbeat, HEARTBEAT_MS)
    try {
      return await turnOf(key)(async () => {
        const environment = (await storeIdentity(db)).id
        const until = performance.now() + PATIENCE_MS
        do {
          // What they tell of is in memory until all are answered: the rest comes with the next batch.
          const [events] = partsOf(await loadDueEvents(db, key, BATCH), ({ bytes }) => bytes ?? 0, BATCH)
          if (events === undefined) break
          const { delivered, failed } = await postAll(deps, endpoint, events, environment, until)
          const about = () => ({ endpoint: key, events: delivered.length + failed.length })
          await untilTaken(() => markDeliveries(db, delivered, failed), { log, about })
          webhookPosts.inc({ outcome: 'delivered' }, delivered.length)
          const givenUp = failed.filter(({ waitSeconds }) => waitSeconds === null).length
          webhookPosts.inc({ outcome: 'given_up' }, givenUp)
          webhookPosts.inc({ outcome: 'refused' }, failed.length - givenUp)
          turn.delivered += delivered.length
          turn.failed += failed.length
        } while (performance.now() < until)
        return { ...turn, nextInMs: await untilNextDue(db, key) }
      })
    } finally {
      clearInterval(beat)
    }
  }
}

interface Posted {
  delivered: number[]
  failed: FailedDelivery[]
}

/**
 * Events of one recipient run go one after the other, in their order, and one refused does not hold up the next;
 * different recipient runs go side by side. What is not reached in time stays due.
 */
async function postAll(
  { db, webhooks, log }: DeliverWebhooksDeps,
  endpoint: WebhookEndpoint,
  events: readonly DueEvent[],
  environment: string,
  until: number,
): Promise<Posted> {
  const entities = await loadEntities(db, events)
  const posted: Posted = { delivered: [], failed: [] }
  const stop = cancellationSignal()
  const isOver = () => stop.aborted || performance.now() > until
  const told = { endpoint: endpoint.key, host: new URL(endpoint.url).host }

  async function postInOrder(group: readonly DueEvent[]): Promise<void> {
    for (const event of group) {
      if (isOver()) return
      const data = entities.get(entityKey(event))
      // What it tells of has been deleted since: nothing to post.
      const refused = data === undefined ? null : await webhooks.post(endpoint, bodyOf(event, data), environment, stop)
      const { id, type, eventId, attempt } = event
      if (refused === null) posted.delivered.push(id)
      else if (!stop.aborted) {
        const { reason } = refused
        const backoff = refused.isFinal ? undefined : BACKOFF_S[attempt]
        // As the endpoint asks, if that is later.
        const waitSeconds = backoff === undefined ? null : Math.max(backoff, (refused.retryAfterMs ?? 0) / 1_000)
        posted.failed.push({ id, attempt, reason, waitSeconds })
        if (waitSeconds === null) log.error({ ...told, type, event: eventId, reason }, 'webhook event given up')
      }
    }
  }

  const byRun = new Map<number, DueEvent[]>()
  for (const event of events) {
    const group = byRun.get(event.recipientRunId)
    if (group === undefined) byRun.set(event.recipientRunId, [event])
    else group.push(event)
  }
  const limit = pLimit(CONCURRENCY)
  await Promise.all([...byRun.values()].map((group) => limit(postInOrder, group)))
  const [first] = posted.failed
  if (first !== undefined)
    log.warn({ ...told, events: posted.failed.length, reason: first.reason }, 'webhook events refused')
  return posted
}

function bodyOf({ eventId, type, createdAt, data: eventData }: DueEvent, data: object): WebhookBody {
  // As Knock has it for a failed try, together with how many there can be.
  const tries = type === 'message.delivery_attempted' ? { max_attempts: BACKOFF_S.length + 1 } : {}
  const event_data = eventData === null ? null : { ...eventData, ...tries }
  return { __typename: 'Event', id: eventId, type, created_at: createdAt, data, event_data }
}

/** The recipient runs and messages the events are about, as they are now. */
async function loadEntities(db: Database, events: readonly DueEvent[]): Promise<Map<string, object>> {
  const keys = events.flatMap(({ recipientRunId, number }) => (number === null ? [] : [{ recipientRunId, number }]))
  const rowIds = events.filter(({ number }) => number === null).map(({ recipientRunId }) => recipientRunId)
  const [messages, runs] = await Promise.all([
    keys.length === 0 ? [] : loadMessages(db, keys),
    rowIds.length === 0 ? [] : loadRecipientRuns(db, rowIds, Date.now()),
  ])
  return new Map<string, object>([
    ...messages.map((row) => [`${row.recipient_run_id}/${row.number}`, messageOf(row)] as const),
    ...runs.map((row) => [`${row.id}`, recipientRunOf(row)] as const),
  ])
}

function entityKey({ recipientRunId, number }: DueEvent): string {
  return number === null ? `${recipientRunId}` : `${recipientRunId}/${number}`
}
