import { cancellationSignal } from '@temporalio/activity'
import pLimit, { type LimitFunction } from 'p-limit'
import { withDeadline } from '../channels/deadline.ts'
import type { OutsideDeps } from '../steps/kind.ts'
import { triggerIdOf } from '../store/ids/row-id.ts'
import { endAbandonedRows, loadRowsToAct, type RowToAct } from '../store/recipient-runs/claims.ts'
import { loadOwnTriggers, type OwnTrigger } from '../store/recipient-runs/load-walks.ts'
import { loadAllSleepers } from '../store/recipient-runs/sleepers.ts'
import { isActLane } from '../workflows/lane-name.ts'
import type { ActInput, ChunkResult } from '../workflows/run-activities.ts'
import { abandonedOf } from './abandoned.ts'
import { ActJob } from './act-job.ts'
import { ActsUnderWay } from './acts-under-way.ts'
import { lateRuns } from '../metrics/counted.ts'
import { assertOwnStore, believedRevisions, callingRun, waitForInstant, withSignsOfLife } from './chunk.ts'
import type { AdvanceDeps } from './advance.ts'
import { Tally } from './tally.ts'
import { traceChunk } from './trace-chunk.ts'

/** Nothing more is begun after so long: the rest of a chunk is handed back. What was begun is waited for. */
const PATIENCE_MS = { least: 3_000, most: 5_000 }
/** Of one step, in this process, at once. */
const AT_ONCE = 20

export type ActDeps = Pick<AdvanceDeps, 'db' | 'store' | 'now' | 'outbox' | 'onResult' | 'log'> & {
  outside: OutsideDeps
  /** Whose claims are this process's. */
  leases: { owner: string }
  /** How far apart a lease that ran out is looked at; LOOK_AGAIN_MS unless given. */
  lookAgainMs?: number
}

/** What this process is at, and whose turn it is, across chunks. */
interface UnderWay {
  rows: ActsUnderWay
  turnOf: (stepKey: string) => LimitFunction
}

/**
 * Carries out what the steps of a chunk of recipient runs do on the outside: each is claimed just before, so that a cancel
 * still reaches the rest, and recorded at once; its walk goes on by a hand-out of its own. A step that is slow keeps others
 * of its kind from slots only while its own turns last.
 */
export function createAct(deps: ActDeps): (input: ActInput) => Promise<ChunkResult> {
  const turns = new Map<string, LimitFunction>()
  const turnOf = (stepKey: string): LimitFunction => {
    const turn = turns.get(stepKey) ?? pLimit(AT_ONCE)
    turns.set(stepKey, turn)
    return turn
  }
  const underWay: UnderWay = { rows: new ActsUnderWay(), turnOf }
  return (input) => withSignsOfLife(deps.now, (isGivenUp) => act(deps, input, underWay, isGivenUp))
}

async function act(deps: ActDeps, input: ActInput, underWay: UnderWay, isGivenUp: () => boolean): Promise<ChunkResult> {
  const { db, now, outbox, leases } = deps
  assertOwnStore(input.store, deps.store)
  const tally = new Tally()
  if (!isActLane(input.lane)) return tally.result(now())
  const believed = believedRevisions(input.rows)
  const triggers = await loadOwnTriggers(db, callingRun(), believed.keys())
  const ours = [...believed.keys()].filter((id) => triggers.has(triggerIdOf(id)))
  const load = () => loadRowsToAct(db, ours)
  const found = await load()
  const isToAct = ({ id, revision, canceled }: RowToAct) => !canceled && revision === believed.get(id)
  await waitForInstant(
    found.filter(isToAct).map(({ due }) => due),
    now,
  )
  const instant = now()
  const job = new ActJob({ ...deps, owner: leases.owner, tally, triggers, underWay: underWay.rows, isLate: isGivenUp })
  const carryOut = (rows: readonly RowToAct[]) => actForAll(job, rows, { underWay, triggers, instant })
  await carryOut(found.filter((row) => row.status === 'waiting' && row.due <= instant && isToAct(row)))
  const isLost = ({ id, status, leaseUntil }: RowToAct) =>
    status === 'claimed' && (leaseUntil ?? 0) <= instant && !underWay.rows.has(id)
  const keyOf = ({ id }: RowToAct) => String(id)
  const abandoned = await abandonedOf(found.filter(isLost), { keyOf, load, lookAgainMs: deps.lookAgainMs })
  await carryOut(abandoned.filter(isToAct))
  const canceled = abandoned.filter((row) => row.canceled).map(({ id }) => id)
  tally.counts.canceled += await endAbandonedRows(db, canceled, now(), outbox)
  const others = ours.filter((id) => !tally.has(id))
  // The rest came early, was handed back, or somebody else has it.
  if (others.length > 0) for (const sleeper of await loadAllSleepers(db, { rows: others })) tally.sleep(sleeper)
  return tally.result(now())
}

/** Acts for those whose turn comes within some seconds. */
async function actForAll(
  job: ActJob,
  rows: readonly RowToAct[],
  { underWay, triggers, instant }: { underWay: UnderWay; triggers: ReadonlyMap<number, OwnTrigger>; instant: number },
): Promise<void> {
  if (rows.length === 0) return
  for (const { due } of rows) lateRuns.observe((instant - due) / 1_000)
  const patience = PATIENCE_MS.least + Math.random() * (PATIENCE_MS.most - PATIENCE_MS.least)
  await withDeadline(cancellationSignal(), patience, async (stop) => {
    const inTurn = (row: RowToAct) => underWay.turnOf(row.stepKey)(() => (stop.aborted ? undefined : job.actFor(row)))
    await traceChunk('act', rows, triggers, () => Promise.all(rows.map(inTurn)))
  })
}
