import { cancellationSignal } from '@temporalio/activity'
import pLimit, { type LimitFunction } from 'p-limit'
import { withDeadline } from '../channels/deadline.ts'
import type { OutsideDeps } from '../steps/kind.ts'
import { triggerIdOf } from '../store/ids/row-id.ts'
import { endAbandonedRows, loadRowsToAct, type RowToAct } from '../store/recipient-runs/claims.ts'
import { loadOwnTriggers } from '../store/recipient-runs/load-walks.ts'
import { loadAllSleepers } from '../store/recipient-runs/sleepers.ts'
import { isActLane, type ActInput, type ChunkResult } from '../workflows/messages.ts'
import { ActJob, type ActJobDeps } from './act-job.ts'
import { lateRuns } from '../metrics/counted.ts'
import { assertOwnStore, believedRevisions, callingRun, waitForInstant, withHeartbeat } from './chunk.ts'
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
  return (input) => withHeartbeat(() => act(deps, input, turnOf))
}

async function act(deps: ActDeps, input: ActInput, turnOf: (stepKey: string) => LimitFunction): Promise<ChunkResult> {
  const { db, now, outbox, leases } = deps
  assertOwnStore(input.store, deps.store)
  const tally = new Tally()
  if (!isActLane(input.lane)) return tally.result(now())
  const believed = believedRevisions(input.rows)
  const triggers = await loadOwnTriggers(db, callingRun(), believed.keys())
  const ours = [...believed.keys()].filter((id) => triggers.has(triggerIdOf(id)))
  const found = (await loadRowsToAct(db, ours)).filter(({ id, revision }) => revision === believed.get(id))
  await waitForInstant(
    found.map(({ due }) => due),
    now,
  )
  const instant = now()
  tally.counts.canceled += await endAbandonedRows(db, ours, instant, outbox)
  const isFree = ({ status, leaseUntil }: RowToAct) => status === 'waiting' || (leaseUntil ?? 0) <= instant
  const ready = found.filter((row) => row.due <= instant && isFree(row))
  for (const { due } of ready) lateRuns.observe((instant - due) / 1_000)
  if (ready.length > 0) {
    const patience = PATIENCE_MS.least + Math.random() * (PATIENCE_MS.most - PATIENCE_MS.least)
    const jobDeps: ActJobDeps = { ...deps, owner: leases.owner, tally, triggers }
    await withDeadline(cancellationSignal(), patience, async (stop) => {
      const job = new ActJob(jobDeps)
      const inTurn = (row: RowToAct) => turnOf(row.stepKey)(() => (stop.aborted ? undefined : job.actFor(row)))
      await traceChunk('act', ready, triggers, () => Promise.all(ready.map(inTurn)))
    })
  }
  // The rest came early, was handed back, or somebody else has it.
  const others = ours.filter((id) => !tally.has(id))
  if (others.length > 0) for (const sleeper of await loadAllSleepers(db, { rows: others })) tally.sleep(sleeper)
  return tally.result(now())
}
