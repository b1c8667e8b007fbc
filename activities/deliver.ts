import { activityInfo, cancellationSignal, heartbeat } from '@temporalio/activity'
import type { Logger } from 'pino'
import type { Database } from '../store/postgres/database.ts'
import { loadChannels } from '../store/catalog/definitions.ts'
import { adopt, executionOf, fence, type Holder } from '../store/recipient-runs/claims.ts'
import { loadRows, type DeliveryRow } from '../store/recipient-runs/deliveries.ts'
import { settle, type Settlement } from '../store/recipient-runs/settle.ts'
import type { Outbox } from '../events/outbox.ts'
import { isPending, loadRowsNow, sleepersOf } from '../store/recipient-runs/sleepers.ts'
import { idsOf, type DeliverInput, type DeliverResult } from '../workflows/messages.ts'
import { withDeadline } from '../channels/deadline.ts'
import { Pacing } from '../channels/pacing.ts'
import type { Senders } from '../channels/senders.ts'
import { loadDeliveries, standing, type Delivery } from './chunk.ts'
import { renderMessage } from './message.ts'
import { sendClaimed, type SendClaimed } from './send-claimed.ts'
import { abandon, afterSend, goOn, halt } from './settlements.ts'
import { Tally } from './tally.ts'

/**
 * How long a chunk of a slow channel is worked on before the rest is handed back: by chance between these, or all chunks
 * of a run would end together and the provider stand idle meanwhile.
 */
const PATIENCE_MS = { least: 3_000, most: 5_000 }
const HEARTBEAT_MS = 3_000
/** A row claimed by another hand-out is looked at again after this long. */
const CLAIMED_ELSEWHERE_MS = 15_000

export interface DeliverDeps {
  db: Database
  senders: Senders
  outbox: Outbox
  log: Logger
}

/**
 * Carries a chunk of recipient runs through one step: claims, renders, sends and records; answers who sleeps again. A
 * row is acted on only at the revision the run believes in. Run again after a crash, it finds what it did and goes on.
 */
export function createDeliver(given: DeliverDeps): (input: DeliverInput) => Promise<DeliverResult> {
  const deps = { ...given, pacing: new Pacing() }
  return async (input) => {
    const beat = setInterval(heartbeat, HEARTBEAT_MS)
    try {
      return await deliver(deps, input)
    } finally {
      clearInterval(beat)
    }
  }
}

async function deliver(
  { db, senders, pacing, outbox, log }: DeliverDeps & { pacing: Pacing },
  input: DeliverInput,
): Promise<DeliverResult> {
  const started = performance.now()
  // The workflow's clock, gone on since; the host's if that is ahead, for the time the task lay without a worker.
  const now = () => Math.max(Math.round(input.now + performance.now() - started), Date.now())
  const { workflowExecution, activityId, attempt } = activityInfo()
  const holder: Holder = { claim: `${workflowExecution?.runId ?? ''}:${activityId}`, attempt }
  const believed = new Map(input.rows.flatMap(({ revision, ids }) => idsOf(ids).map((id) => [id, revision] as const)))
  const ids = [...believed.keys()]
  if (attempt > 1) await fence(db, ids, holder)

  const rows = await loadOpenRows(db, ids, holder, now())
  const open = rows.filter((row) => row.revision === believed.get(row.id) && isOpenTo(row, holder))
  const deliveries = await loadDeliveries(db, open)
  const byRow = new Map(deliveries.map((delivery) => [delivery.row.id, delivery]))
  const tally = new Tally((row, step) => byRow.get(row)!.definition.steps[step]!.ref)

  // One instant for all of a chunk: who slept as one wakes as one.
  const instant = now()
  const free: Settlement[] = []
  const toSend: SendClaimed['deliveries'] = []
  const giveUp = async (delivery: Delivery) => {
    const older = { ...holder, attempt: delivery.row.claimAttempt }
    const left = [abandon(standing(delivery, now()))]
    tally.add(left, await settle(db, left, older, now(), outbox))
  }
  for (const delivery of deliveries) {
    const { step, row, trigger } = delivery
    if (row.status === 'claimed' && row.canceling) await giveUp(delivery)
    else if (step.type === 'delay') free.push(goOn(standing(delivery, instant), row.step))
    else if (step.channelType === 'in_app_feed' || trigger.sandboxMode) free.push(keep(delivery, instant))
    else toSend.push({ delivery, step })
  }
  // Nobody has claimed these: claim, message and settlement are one transaction, so a cancel wins or loses as a whole.
  tally.add(free, await settle(db, free, null, instant, outbox))
  if (toSend.length > 0) {
    const canceled = cancellationSignal()
    const channels = new Map((await loadChannels(db)).map((channel) => [channel.key, channel]))
    // What an earlier attempt had claimed comes first: it is not handed back.
    const order = ({ delivery }: SendClaimed['deliveries'][number]) => Number(delivery.row.status !== 'claimed')
    const inOrder = toSend.sort((a, b) => order(a) - order(b))
    const settled: SendClaimed['settled'] = (settlements, effects) => tally.add(settlements, effects)
    const patience = PATIENCE_MS.least + Math.random() * (PATIENCE_MS.most - PATIENCE_MS.least)
    await withDeadline(canceled, patience, (stop) =>
      sendClaimed({ db, senders, pacing, outbox, channels, holder, deliveries: inOrder, stop, canceled, now, settled }),
    )
    // Left claimed by an earlier attempt, and canceled before this one came to them: nobody else would settle them.
    for (const { delivery } of toSend) {
      if (delivery.row.status === 'claimed' && !tally.has(delivery.row.id)) await giveUp(delivery)
    }
  }

  // The rest was handed back, or somebody else had it: a cancel, a move, an attempt before this one.
  const others = ids.filter((id) => !tally.has(id))
  const rest = others.length === 0 ? [] : await loadRowsNow(db, others)
  for (const row of rest) {
    if (row.status === 'canceled') tally.counts.canceled += 1
    if (!isPending(row)) continue
    tally.asleep.push(row.status === 'claimed' ? { ...row, due: now() + CLAIMED_ELSEWHERE_MS } : row)
  }
  if (attempt > 1)
    log.info({ attempt, rows: ids.length, asleep: tally.asleep.length }, 'deliver goes on after a lost attempt')
  return { asleep: sleepersOf(tally.asleep, false), ...tally.counts }
}

/** As they are; claims of an execution that is over are this attempt's to take over. */
async function loadOpenRows(db: Database, ids: number[], holder: Holder, now: number): Promise<DeliveryRow[]> {
  const rows = await loadRows(db, ids)
  const elsewhere = ({ claim }: DeliveryRow) => claim !== null && executionOf(claim) !== executionOf(holder.claim)
  const foreign = rows.filter((row) => row.status === 'claimed' && elsewhere(row)).map(({ id }) => id)
  if (foreign.length === 0) return rows
  await adopt(db, foreign, holder, now)
  return loadRows(db, ids)
}

/** Free, or left claimed by an earlier attempt of this activity. */
function isOpenTo(row: DeliveryRow, { claim, attempt }: Holder): boolean {
  return row.status === 'waiting' || (row.status === 'claimed' && row.claim === claim && row.claimAttempt < attempt)
}

/** A message that is its row: in-app, or in sandbox mode, where nothing leaves. */
function keep(delivery: Delivery, now: number): Settlement {
  const { step, trigger } = delivery
  if (step.type === 'delay') throw new TypeError('a delay has no message')
  const rendered = renderMessage(delivery, step)
  if ('problem' in rendered) return halt(standing(delivery, now), rendered.problem)
  const result = trigger.sandboxMode
    ? ({ kind: 'not_sent', reason: 'sandbox mode' } as const)
    : ({ kind: 'delivered' } as const)
  return afterSend(standing(delivery, now), result, rendered.message)
}
