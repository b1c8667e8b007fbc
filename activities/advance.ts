import { cancellationSignal } from '@temporalio/activity'
import type { Logger } from 'pino'
import type { Links } from '../channels/links.ts'
import type { Outbox } from '../events/outbox.ts'
import { loadWalks } from '../steps/load-walks.ts'
import type { StepListener, Walk } from '../steps/kind.ts'
import { stoppedWalk } from '../steps/stopped-walk.ts'
import { faultyWalk } from '../steps/tries.ts'
import { LargeParts } from '../steps/large-parts.ts'
import { NoRoomError, Room } from '../steps/room.ts'
import { walkOn } from '../steps/walk-on.ts'
import { loadChannels } from '../store/catalog/definitions.ts'
import { stoppedWorkflows } from '../store/catalog/stopped.ts'
import { triggerIdOf } from '../store/ids/row-id.ts'
import { endMembers } from '../store/batches/end-members.ts'
import type { Database } from '../store/postgres/database.ts'
import { loadOwnTriggers, loadRows, type OwnTrigger, type RowToWalk } from '../store/recipient-runs/load-walks.ts'
import { settleWalks } from '../store/recipient-runs/settle-walks.ts'
import { loadWalkBytes } from '../store/recipient-runs/walk-bytes.ts'
import type { WalkSettlement } from '../store/recipient-runs/walk-settlement.ts'
import { loadAllSleepers } from '../store/recipient-runs/sleepers.ts'
import type { AdvanceInput, ChunkResult } from '../workflows/run-activities.ts'
import type { StoreIdentity } from '../workflows/store-identity.ts'
import { lateRuns } from '../metrics/counted.ts'
import { assertOwnStore, believedRevisions, callingRun, waitForInstant, withHeartbeat } from './chunk.ts'
import { partsOf, workThrough } from './in-parts.ts'
import { logWalks } from './log-walks.ts'
import { Tally } from './tally.ts'
import { traceChunk } from './trace-chunk.ts'

const PART = 500
/** How often walks whose batches have changed meanwhile are tried again at once. */
const ROUNDS = 5

export interface AdvanceDeps {
  db: Database
  store: StoreIdentity
  /** The store's clock, epoch milliseconds. */
  now: () => number
  outbox: Outbox
  /** Of recipients who have none of their own; absent: UTC. */
  timeZone?: string | undefined
  /** Makes the links of in-app messages that are tracked; absent: it is not known where the API is reached. */
  links?: Links | undefined
  /** Sends what other runs are to be told; absent: housekeeping does. */
  send?: (signalIds: readonly number[]) => Promise<void>
  /** Looks on, in a rehearsal. */
  onResult?: StepListener | undefined
  log: Logger
}

/**
 * Walks a chunk of recipient runs through their steps until each waits or is over, and makes their messages; answers who
 * sleeps again. A row is acted on only if it is the calling run's, at the revision that run believes in, and not before
 * its instant. Run again after a crash, it finds what it did and goes on.
 */
export function createAdvance(deps: AdvanceDeps): (input: AdvanceInput) => Promise<ChunkResult> {
  const large = new LargeParts()
  return (input) => withHeartbeat(() => advance({ ...deps, large }, input))
}

interface Deps extends AdvanceDeps {
  large: LargeParts
}

async function advance(deps: Deps, input: AdvanceInput): Promise<ChunkResult> {
  const { db, now } = deps
  assertOwnStore(input.store, deps.store)
  const believed = believedRevisions(input.rows)
  const triggers = await loadOwnTriggers(db, callingRun(), believed.keys())
  const ours = [...believed.keys()].filter((id) => triggers.has(triggerIdOf(id)))
  const rows = await loadRows(db, ours)
  const current = rows.filter((row) => row.status === 'waiting' && row.revision === believed.get(row.id))
  await waitForInstant(
    current.map(({ due }) => due),
    now,
  )
  // One instant for all of a chunk: who slept as one wakes as one.
  const instant = now()
  const ready = current.filter(({ due }) => due !== null && due <= instant)
  for (const { due } of ready) lateRuns.observe((instant - due!) / 1_000)
  const tally = new Tally()
  const bytes = await loadWalkBytes(db, ready)
  const sizeOf = ({ id, recipient, batchId, ownSize }: RowToWalk) =>
    2 * (triggers.get(triggerIdOf(id))!.dataSize + ownSize + (batchId === null ? 0 : bytes.batch(batchId))) +
    bytes.recipient(recipient)
  await traceChunk('advance', ready, triggers, async () => {
    for (const part of partsOf(ready, sizeOf, PART)) {
      await workThrough(
        part,
        (walked) => walkInTurn(deps, walked, triggers, instant, tally, sizeOf),
        (row, error) => failRow(deps, row, triggers.get(triggerIdOf(row.id))!, error, instant, tally),
      )
    }
  })
  // The rest came early, or somebody else had it: a cancel, a move, or an attempt before this one, whose answer was lost;
  // so the run is told of messages, too.
  const others = ours.filter((id) => !tally.has(id))
  if (others.length > 0) {
    for (const sleeper of await loadAllSleepers(db, { rows: others })) tally.sleep(sleeper)
  }
  return tally.result(now())
}

/** As `walkPart`; what holds much waits until others that do are settled. */
async function walkInTurn(
  deps: Deps,
  rows: readonly RowToWalk[],
  triggers: ReadonlyMap<number, OwnTrigger>,
  now: number,
  tally: Tally,
  sizeOf: (row: RowToWalk) => number,
): Promise<void> {
  const room = new Room(rows.length, deps.large, cancellationSignal())
  try {
    await room.load(rows.reduce((sum, row) => sum + sizeOf(row), 0))
    await walkPart({ ...deps, room }, rows, triggers, now, tally)
  } finally {
    room.leave()
  }
}

/**
 * Batches are looked at without a lock: a walk that finds its own otherwise when it is settled is walked again, and after
 * some such rounds handed back.
 */
async function walkPart(
  deps: AdvanceDeps & { room: Room },
  rows: readonly RowToWalk[],
  triggers: ReadonlyMap<number, OwnTrigger>,
  now: number,
  tally: Tally,
  rounds = ROUNDS,
): Promise<void> {
  const { db, outbox, onResult, log } = deps
  const walks = await loadWalks(db, rows, now)
  const channels = new Map((await loadChannels(db)).map((channel) => [channel.key, channel]))
  const stops = await stoppedWorkflows(
    db,
    walks.map(({ definition }) => definition.key),
  )
  const stopOf = ({ definition }: Walk) => stops.get(definition.key)
  const going = walks.filter((walk) => stopOf(walk) === undefined)
  const stopped = walks.flatMap((walk) => stoppedWalk(walk, stopOf(walk)) ?? [])
  const { timeZone, links, room } = deps
  const settlements = [...(await walkOn(going, { db, channels, now, timeZone, links, room, onResult })), ...stopped]
  const { walks: settled, signals } = await settleWalks(db, settlements, now, outbox)
  await deps.send?.(signals)
  const definitionOf = new Map(walks.map(({ row, definition }) => [row.id, definition]))
  const refOf = (walk: WalkSettlement) => stepRef(definitionOf.get(walk.id)!.steps, walk)
  for (const walk of settled) tally.addWalk(walk, refOf(walk))
  logWalks(log, triggers, settled, refOf)
  const closed = settled.flatMap(({ batch }) => (batch?.seen?.closes === true ? [batch.seen.id] : []))
  await endMembers(db, closed, now, outbox)
  for (const [reason, batches] of abandonedBatches(walks, stopped)) await endMembers(db, batches, now, outbox, reason)
  const left = settlements.filter(({ id, batch }) => batch !== undefined && !tally.has(id))
  if (left.length === 0 || rounds === 0) return
  const believed = new Map(left.map(({ id, revision }) => [id, revision]))
  const found = await loadRows(db, [...believed.keys()])
  const again = found.filter(({ id, status, revision }) => status === 'waiting' && revision === believed.get(id))
  if (again.length > 0) await walkPart(deps, again, triggers, now, tally, rounds - 1)
}

/** The batches of walks that have stopped, by why they have. */
function abandonedBatches(walks: readonly Walk[], stopped: readonly WalkSettlement[]): Map<string, number[]> {
  const reasons = new Map(stopped.map(({ id, reason }) => [id, reason]))
  const batches = new Map<string, number[]>()
  for (const { row } of walks) {
    const reason = reasons.get(row.id)
    if (row.batchId === null || reason == null) continue
    const theirs = batches.get(reason)
    if (theirs === undefined) batches.set(reason, [row.batchId])
    else theirs.push(row.batchId)
  }
  return batches
}

function stepRef(steps: readonly { ref: string }[], { step }: WalkSettlement): string {
  return steps[step]!.ref
}

async function failRow(
  { db, outbox, log }: AdvanceDeps,
  row: RowToWalk,
  { workflowRunId }: OwnTrigger,
  error: unknown,
  now: number,
  tally: Tally,
): Promise<void> {
  const reason = error instanceof NoRoomError ? error.message : 'could not be carried out: see the worker’s log'
  const which = { workflow_run_id: workflowRunId, recipientRun: row.id, step: row.step }
  log.error({ err: error, ...which }, 'a recipient run failed for a reason of ours')
  const { walks } = await settleWalks(db, [faultyWalk(row, reason, now)], now, outbox)
  for (const walk of walks) tally.addWalk(walk, '')
}
