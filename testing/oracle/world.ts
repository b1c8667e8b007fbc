// @ts-nocheck: of the first shape, being rewritten
import assert from 'node:assert/strict'
import type { Context } from '../../api/http/route.ts'
import type { Database } from '../../store/postgres/database.ts'
import { keyOfMessageId } from '../../store/ids/message-id.ts'
import {
  confirmSignals,
  loadPendingSignals,
  triggerSignalPending,
  type PendingSignal,
} from '../../store/signals/pending-signals.ts'
import { idsOf, type CancelRequest } from '../../workflows/messages.ts'
import { Attempt, type Fate } from './attempt.ts'
import { Caller, type Home } from './caller.ts'
import { ModelRun, type Job } from './run.ts'

/** Ahead of the host's clock, which deliver looks at, too. */
const START = Date.UTC(2100, 0, 1)
/** As deliver has it. */
const CLAIMED_ELSEWHERE_MS = 15_000

/**
 * The real store, the api's calls on it, the real deliver and the real run state; Temporal's part, its signals, its
 * activities and its clock, is played here, so that everything comes as late, as often and in the order a command wants.
 */
export class World {
  readonly caller: Caller
  readonly runs = new Map<string, ModelRun>()
  readonly underWay: PendingSignal[] = []
  now = START
  readonly #db: Database
  /** Given up by the server, and not dead. */
  readonly #zombies: Attempt[] = []

  constructor(context: Context, home: Home) {
    this.#db = context.store.db
    this.caller = new Caller({
      context: { ...context, now: () => this.now },
      home,
      tell: (signals) => void this.underWay.push(...signals),
      isAlone: true,
      punctual: false,
    })
  }

  get jobs(): Job[] {
    return [...this.runs.values()].flatMap(({ jobs }) => jobs)
  }

  get requested(): ModelRun[] {
    return [...this.runs.values()].filter(({ requests }) => requests.length > 0)
  }

  get hanging(): Attempt[] {
    return [...this.jobs.flatMap(({ hanging }) => hanging ?? []), ...this.#zombies]
  }

  /** A cancel signal sent by hand to one of the open runs. */
  cancelByHand(n: number, request: CancelRequest): void {
    const run = pick([...this.runs.values()], n)
    run.requests.push({ request, upTo: run.state.newest })
  }

  /** The activity for the first of such requests; with its answer lost, it is carried out again. */
  async takeOut(n: number, isHeard: boolean): Promise<void> {
    const run = pick(this.requested, n)
    const { rows } = await this.caller.takeOut({ workflowId: run.workflowId, ...run.requests[0]! })
    if (!isHeard) return
    run.state.remove(idsOf(rows))
    run.requests.shift()
    this.turn()
  }

  /** A signal under way arrives. `again`: and once more later, as if two processes had sent it. */
  async arrive(n: number, again = false): Promise<void> {
    const signal = pick(this.underWay, n)
    if (!again) this.underWay.splice(this.underWay.indexOf(signal), 1)
    const { workflowId, id } = signal
    const open = this.runs.get(workflowId)
    if (signal.kind === 'trigger') {
      const { sleepers, workflowRunId } = signal.message
      if (sleepers.length > 0) {
        const run = open ?? new ModelRun(workflowId)
        this.runs.set(workflowId, run)
        run.state.triggers.add(workflowRunId)
        for (const group of sleepers) run.state.add(group)
      }
      await confirmSignals(this.#db, [{ signalId: id, trigger: { id: signal.triggerId, temporalRunId: workflowId } }])
    } else if (open === undefined && (await triggerSignalPending(this.#db, workflowId))) {
      // Its run may not have been started yet: it stays pending in the store, to be sent again.
      return
    } else {
      if (signal.kind === 'cancel') open?.state.remove(idsOf(signal.message.rows))
      else for (const group of signal.groups) open?.state.move(group)
      await confirmSignals(this.#db, [{ signalId: id }])
    }
    this.turn()
  }

  /** A signal is lost with the process that was to send it. */
  lose(n: number): void {
    this.underWay.splice(this.underWay.indexOf(pick(this.underWay, n)), 1)
  }

  /** Housekeeping sends what nobody has confirmed, as it is now. */
  async resend(): Promise<void> {
    this.underWay.push(...(await this.#unconfirmed()))
  }

  async #unconfirmed(): Promise<PendingSignal[]> {
    const all = await loadPendingSignals(this.#db, { after: 0, olderThanMs: -60_000, limit: 1_000 })
    const own = this.caller.workflowIds
    return all.filter(({ workflowId }) => own.has(workflowId))
  }

  continueAsNew(n: number): void {
    pick([...this.runs.values()], n).draining = true
    this.turn()
  }

  /** The clock goes to an offset from the next instant somebody wakes. */
  async passTo(offset: number): Promise<void> {
    await this.#holdAwake()
    const dues = [...this.runs.values()].flatMap(({ state }) => state.nextDue ?? [])
    const next = dues.length === 0 ? this.now : Math.min(...dues)
    this.now = Math.max(this.now, next + offset)
    this.turn()
  }

  /** Somebody is due, if anybody waits at all. */
  async #comeDue(): Promise<void> {
    if (this.idle.length === 0) while (this.underWay.length > 0) await this.arrive(0)
    if (this.idle.length === 0) while (this.done.length > 0) this.settle(0)
    if (this.idle.length === 0) await this.passTo(0)
  }

  /** A worker takes a job, or the next attempt of one. `meanwhile`: at the same time. */
  async work(n: number, fate: Fate, meanwhile = () => Promise.resolve()): Promise<void> {
    await this.#comeDue()
    await Promise.all([this.idle.length > 0 && this.#attempt(n, fate), meanwhile()])
  }

  async #attempt(n: number, fate: Fate): Promise<void> {
    const job = pick(this.idle, n)
    const { run, activityId, attempt, input } = job
    if (attempt > 1) await this.caller.account.lost(job)
    const by = { claim: `${run.workflowId}:${activityId}`, attempt }
    const tried = new Attempt(this.#db, { workflowId: run.workflowId, activityId, attempt, input }, fate, (send) =>
      this.caller.account.send(job, by, this.now, send),
    )
    if ((await tried.still()) === 'hangs') job.hanging = tried
    else {
      const result = await tried.result
      if (result === undefined || fate.kind === 'unheard') job.attempt += 1
      else job.result = result
    }
  }

  /** Jobs no worker is at. */
  get idle(): Job[] {
    return this.jobs.filter(({ hanging, result }) => hanging === undefined && result === undefined)
  }

  get done(): Job[] {
    return this.jobs.filter(({ result }) => result !== undefined)
  }

  /** An attempt that hangs is not heard of in time: the server gives the job to another one. */
  timeOut(n: number): void {
    const job = pick(
      this.jobs.filter(({ hanging }) => hanging !== undefined),
      n,
    )
    this.#zombies.push(job.hanging!)
    job.hanging = undefined
    job.attempt += 1
  }

  /** An attempt that hangs goes on; the server hears of it if it has not given it up. */
  async letGo(n: number): Promise<void> {
    const attempt = pick(this.hanging, n)
    attempt.letGo()
    if ((await attempt.still()) === 'hangs') return
    const result = await attempt.result
    const job = this.jobs.find(({ hanging }) => hanging === attempt)
    if (job === undefined) this.#zombies.splice(this.#zombies.indexOf(attempt), 1)
    else {
      job.hanging = undefined
      job.result = result
    }
  }

  /** Whoever is being sent to in an attempt that hangs. */
  caught(n: number): number {
    return keyOfMessageId(pick(this.hanging, n).sends.at(-1)!.messageId)!.recipientRunId
  }

  /** A result reaches its run. */
  settle(n: number): void {
    const job = pick(this.done, n)
    job.run.settle(job)
    this.turn()
  }

  /** Every run acts on what has changed. */
  turn(): void {
    for (const run of [...this.runs.values()]) if (!run.turn(this.now)) this.runs.delete(run.workflowId)
  }

  /** All that is under way arrives, is done and settles, and the clock goes to the next instant. */
  async goOn(): Promise<void> {
    while (this.underWay.length > 0) await this.arrive(0)
    while (this.hanging.length > 0) await this.letGo(0)
    while (this.requested.length > 0) await this.takeOut(0, true)
    while (this.idle.length > 0) await this.work(0, { kind: 'ends', answers: ['sent'] })
    while (this.done.length > 0) this.settle(0)
    await this.passTo(0)
  }

  /** With nothing under way, each run wakes whoever waits no later than the store has it: no move went by it. */
  async #holdAwake(): Promise<void> {
    if (this.jobs.length > 0 || (await this.#unconfirmed()).length > 0) return
    const waiting = (await this.caller.account.seen([...this.caller.account.rows.keys()])).filter(
      ({ status }) => status === 'waiting',
    )
    const known = new Map([...this.runs.values()].flatMap(({ state }) => [...state.sleepers]))
    for (const row of waiting) {
      const sleeper = known.get(row.id)
      // What somebody else had claimed is looked at a little later.
      const latest = Math.max(row.due, this.now + CLAIMED_ELSEWHERE_MS)
      assert.ok(sleeper !== undefined && sleeper.due <= latest, JSON.stringify({ row, sleeper, now: this.now }))
    }
  }

  /** All instants pass: nobody is left anywhere, and every answer was true. */
  async finish(): Promise<void> {
    for (let round = 0; round < 200; round += 1) {
      await this.resend()
      await this.goOn()
      if (this.runs.size === 0 && (await this.#unconfirmed()).length === 0) break
    }
    assert.deepEqual([this.runs.size, await this.#unconfirmed()], [0, []], 'it comes to an end')
    await this.caller.account.hold()
  }

  /** Ends what hangs. */
  async close(): Promise<void> {
    while (this.hanging.length > 0) await this.letGo(0)
  }
}

export function pick<Item>(items: readonly Item[], n: number): Item {
  return items[n % items.length]!
}
