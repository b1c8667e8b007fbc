import type { Logger } from 'pino'
import type { Outbox } from '../events/outbox.ts'
import type { ActResult, OutsideDeps, StepListener, ToAct } from '../steps/kind.ts'
import { loadWalks } from '../steps/load-walks.ts'
import { kindOf } from '../steps/registry.ts'
import { stoppedWalk } from '../steps/stopped-walk.ts'
import { failedWalk } from '../steps/tries.ts'
import type { WalkUnderWay } from '../steps/progress.ts'
import { afterAct, emptiedWalk, stepRefOf } from '../steps/walk-on.ts'
import { stoppedWorkflows } from '../store/catalog/stopped.ts'
import type { Database } from '../store/postgres/database.ts'
import { claimRows, type RowToAct } from '../store/recipient-runs/claims.ts'
import { triggerIdOf } from '../store/ids/row-id.ts'
import { loadRows, type OwnTrigger } from '../store/recipient-runs/load-walks.ts'
import { settleClaimed } from '../store/recipient-runs/settle-walks.ts'
import type { WalkSettlement } from '../store/recipient-runs/walk-settlement.ts'
import { leaseLosses } from '../metrics/counted.ts'
import type { ActsUnderWay } from './acts-under-way.ts'
import { Gathered } from './gather.ts'
import { neverPasses, workThrough } from './in-parts.ts'
import type { Tally } from './tally.ts'
import { untilTaken } from './until-taken.ts'

/** Longer than any step acts and its record takes: nobody renews it. */
const LEASE_MS = 60_000
/** What begins so late after its claim might outlast the lease. */
const FRESH_MS = 30_000
/** Rows claimed, or recorded, by one statement: their data is in memory. */
const MOST = 50
const FAULT = 'could not be carried out: see the worker’s log'

export interface ActJobDeps {
  db: Database
  now: () => number
  outbox: Outbox
  log: Logger
  outside: OutsideDeps
  owner: string
  tally: Tally
  triggers: ReadonlyMap<number, OwnTrigger>
  underWay: ActsUnderWay
  /** Asked when the store takes a record: whether the run may have been told the end of the lease meanwhile. */
  isLate: () => boolean
  onResult?: StepListener | undefined
}

interface Claimed {
  walk: WalkUnderWay
  /** Nothing is done for it: its workflow takes nobody on any more, or its batch was left by all. */
  stopped: WalkSettlement | null
  /** By this process's monotonic clock. */
  at: number
}

/** What the steps of one chunk do on the outside. */
export class ActJob {
  readonly #deps: ActJobDeps
  readonly #claims: Gathered<RowToAct, Claimed | undefined>
  readonly #records: Gathered<{ walk: WalkUnderWay; settlement: WalkSettlement }, undefined>

  constructor(deps: ActJobDeps) {
    this.#deps = deps
    this.#claims = new Gathered(MOST, (rows) => this.#claim(rows))
    this.#records = new Gathered(MOST, (settlements) => this.#record(settlements))
  }

  /** Claims the row, acts for it, and records what came of it. What cannot be recorded is left to its lease. */
  async actFor(row: RowToAct): Promise<void> {
    const { log, underWay } = this.#deps
    try {
      await underWay.hold(row.id, () => this.#actFor(row))
    } catch (error) {
      log.error({ err: error, ...this.#which(row.id) }, 'a step that acts on the outside went wrong')
    }
  }

  async #actFor(row: RowToAct): Promise<void> {
    const { now, log } = this.#deps
    const claimed = await this.#claims.add(row)
    if (claimed === undefined) return
    const { walk, stopped } = claimed
    const isFresh = performance.now() - claimed.at < FRESH_MS
    const stalled: ToAct = { kind: 'act' }
    const done = async () => {
      const result = isFresh ? await this.#act(walk) : stalled
      log.debug({ ...this.#which(row.id), step: walk.step.ref, outcome: result.kind }, 'a step acted on the outside')
      this.#deps.onResult?.(walk, result)
      return afterAct(walk, result, now())
    }
    await this.#records.add({ walk, settlement: stopped ?? (await done()) })
  }

  async #act(walk: WalkUnderWay): Promise<ActResult> {
    try {
      return await kindOf(walk.step.type).act!(walk, this.#deps.outside)
    } catch (error) {
      if (!neverPasses(error)) throw error
      this.#deps.log.error(
        { err: error, ...this.#which(walk.row.id), step: walk.step.ref },
        'a step failed for a reason of ours',
      )
      return { kind: 'fail', reason: FAULT, isOurs: true }
    }
  }

  /** What a line of log is found by. */
  #which(row: number) {
    return { workflow_run_id: this.#deps.triggers.get(triggerIdOf(row))?.workflowRunId, recipientRun: row }
  }

  async #claim(rows: readonly RowToAct[]): Promise<(Claimed | undefined)[]> {
    const { db, now, owner } = this.#deps
    const began = performance.now()
    const at = now()
    const claimed = await claimRows(db, rows, owner, { now: at, leaseUntil: at + LEASE_MS })
    const late = rows.filter(({ id, status }) => status === 'claimed' && claimed.has(id))
    leaseLosses.inc({ how: 'taken_over' }, late.length)
    // By now somebody else may have walked on with a row whose lease was over meanwhile.
    const revisions = new Map(rows.map(({ id, revision }) => [id, revision]))
    const held = (await loadRows(db, [...claimed])).filter(({ id, revision }) => revision === revisions.get(id))
    const walks = await loadWalks(db, held, at)
    const stops = await stoppedWorkflows(
      db,
      walks.map(({ definition }) => definition.key),
    )
    const byRow = new Map(
      walks.map((walk) => [
        walk.row.id,
        { walk, at: began, stopped: stoppedWalk(walk, stops.get(walk.definition.key)) ?? emptiedWalk(walk) },
      ]),
    )
    return rows.map(({ id }) => byRow.get(id))
  }

  /** Offered until the store takes it, as long as this process lives: what was done is not done again. */
  async #record(done: readonly { walk: WalkUnderWay; settlement: WalkSettlement }[]): Promise<undefined[]> {
    const about = () => ({ ...this.#which(done[0]!.walk.row.id), rows: done.length })
    const record = () =>
      workThrough(
        done,
        (part) => this.#settle(part),
        ({ walk }) => this.#settle([{ walk, settlement: failedWalk(walk.row, FAULT) }]),
      )
    await untilTaken(record, { log: this.#deps.log, about })
    return done.map(() => undefined)
  }

  async #settle(part: readonly { walk: WalkUnderWay; settlement: WalkSettlement }[]): Promise<void> {
    const { db, owner, now, outbox, tally, isLate } = this.#deps
    const settlements = part.map(({ settlement }) => settlement)
    const { settled, canceled } = await settleClaimed(db, settlements, owner, now(), outbox, isLate)
    for (const { walk, settlement } of part) {
      if (canceled.has(settlement.id)) tally.addCanceled(settlement.id)
      else {
        const written = settled.get(settlement.id)
        if (written === undefined) leaseLosses.inc({ how: 'lost' })
        else tally.addWalk(written, stepRefOf(walk.definition, written.step))
      }
    }
  }
}
