import { cancellationSignal } from '@temporalio/activity'
import { withDeadline } from '../channels/deadline.ts'
import { channelTypeOf } from '../channels/registry.ts'
import { loadChannels } from '../store/catalog/definitions.ts'
import { readMessageLane } from '../store/ids/lane.ts'
import { triggerIdOf } from '../store/ids/row-id.ts'
import { awaitRecords } from '../store/messages/claims.ts'
import { loadToSend, type MessageToSend } from '../store/messages/load-to-send.ts'
import { endAbandoned } from '../store/messages/end-abandoned.ts'
import { loadChannelData } from '../store/profiles/channel-data.ts'
import { loadSmallRecipients } from '../store/profiles/recipients.ts'
import { loadOwnTriggers } from '../store/recipient-runs/load-walks.ts'
import { loadSleepers } from '../store/recipient-runs/sleepers.ts'
import type { ChunkResult, DeliverInput } from '../workflows/run-activities.ts'
import { countMessage, lateMessages } from '../metrics/counted.ts'
import { abandonedOf } from './abandoned.ts'
import { assertOwnStore, believedRevisions, callingRun, waitForInstant, withHeartbeat } from './chunk.ts'
import { SendJob, type DeliverDeps, type SendContext } from './send-job.ts'
import { Tally } from './tally.ts'

/**
 * How long a chunk is worked on before the rest is handed back: by chance between these, or all chunks of a run would end
 * together and the provider stand idle meanwhile. A send that lasts longer goes on under its lease.
 */
const PATIENCE_MS = { least: 3_000, most: 5_000 }

/**
 * Sends a chunk of messages of one lane: each is claimed just before its own send, so that a cancel still reaches the rest,
 * and recorded at once. Answers within seconds who sleeps again: what was handed back, what is to be tried again, and what
 * is still being sent, until the end of its lease.
 */
export function createDeliver(deps: DeliverDeps): (input: DeliverInput) => Promise<ChunkResult> {
  return (input) => withHeartbeat(() => deliver(deps, input))
}

async function deliver(deps: DeliverDeps, input: DeliverInput): Promise<ChunkResult> {
  const { db, now, leases, outbox } = deps
  const began = now()
  assertOwnStore(input.store, deps.store)
  const tally = new Tally()
  const lane = readMessageLane(input.lane)
  if (lane === null) return tally.result(now())
  const believed = believedRevisions(input.rows)
  const triggers = await loadOwnTriggers(db, callingRun(), believed.keys())
  const ours = [...believed.keys()].filter((id) => triggers.has(triggerIdOf(id)))
  const found = (await loadToSend(db, ours, lane.number)).filter(({ status }) => status === 'queued')
  const current = found.filter((message) => message.revision === believed.get(message.recipientRunId))
  await waitForInstant(
    current.map(({ due }) => due),
    now,
  )
  const instant = now()
  const isLost = (message: MessageToSend) =>
    message.claim !== null && message.leaseUntil !== null && message.leaseUntil <= instant && !leases.has(message)
  const isReady = ({ canceled, due }: MessageToSend) => !canceled && due !== null && due <= instant
  const send = (messages: readonly MessageToSend[]) => sendAll(deps, messages, { triggers, tally, began, instant })
  await send(current.filter((message) => message.claim === null && isReady(message)))
  const abandoned = await abandonedOf(found.filter(isLost), {
    keyOf: ({ recipientRunId }) => String(recipientRunId),
    load: async () => (await loadToSend(db, ours, lane.number)).filter(({ status }) => status === 'queued'),
    lookAgainMs: deps.lookAgainMs,
  })
  const canceled = abandoned.filter((message) => message.canceled)
  const ended = await endAbandoned(db, canceled, now(), outbox)
  tally.counts.sent += ended.length
  // A chunk's messages are of one lane: of one channel type, and one a recipient run.
  if (ended.length > 0) countMessage(canceled[0]!.channelType, 'delivery_attempted', ended.length)
  await send(
    abandoned.filter((message) => believed.get(message.recipientRunId) === message.revision && isReady(message)),
  )
  // The rest was handed back, is still being sent, or somebody else has it.
  const others = ours.filter((id) => !tally.has(id))
  if (others.length > 0) {
    const keys = others.map((recipientRunId) => ({ recipientRunId, number: lane.number }))
    // What is recorded from now on knows that it is late.
    await awaitRecords(
      db,
      keys.filter((key) => leases.has(key)),
    )
    for (const sleeper of await loadSleepers(db, input.lane, { rows: others })) tally.sleep(sleeper)
  }
  return tally.result(now())
}

/** Sends within some seconds what of these messages it can. */
async function sendAll(
  deps: DeliverDeps,
  ready: readonly MessageToSend[],
  { instant, ...chunk }: Pick<SendContext, 'triggers' | 'tally' | 'began'> & { instant: number },
): Promise<void> {
  if (ready.length === 0) return
  const { db } = deps
  for (const { due } of ready) lateMessages.observe((instant - due!) / 1_000)
  const channels = new Map((await loadChannels(db)).map((channel) => [channel.id, channel]))
  const recipients = [...new Set(ready.map(({ recipient }) => recipient))]
  const properties = await loadSmallRecipients(db, recipients)
  const reached = ready.filter(({ channelType }) => channelTypeOf(channelType).sending?.needsChannelData === true)
  const channelData = await loadChannelData(
    db,
    [...new Set(reached.map(({ recipient }) => recipient))],
    [...new Set(reached.map(({ channelId }) => channelId))],
  )
  const patience = PATIENCE_MS.least + Math.random() * (PATIENCE_MS.most - PATIENCE_MS.least)
  await withDeadline(cancellationSignal(), patience, (stop) =>
    new SendJob(deps, { ...chunk, channels, properties, channelData, stop }).run(ready),
  )
}
