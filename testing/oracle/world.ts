import assert from 'node:assert/strict'
import type { Context } from '../../api/http/route.ts'
import type { Database } from '../../store/postgres/database.ts'
import { storeIdentity } from '../../store/environment/store-identity.ts'
import type { CancelRequest } from '../../workflows/signals.ts'
import type { StoreIdentity } from '../../workflows/store-identity.ts'
import { TestWorker } from '../fixtures/activities.ts'
import { holdAwake } from './awake.ts'
import { Caller, type Home } from './caller.ts'
import { WorkerProcess, type Fate } from './process.ts'
import type { ModelRun, Job } from './run.ts'
import { Signals } from './signals.ts'

const START = Date.UTC(2030, 0, 1)
const PROCESSES = 3
/** As workflows/work.ts has it. */
const HEARTBEAT_MS = 10_000
const WELL: Fate = { kind: 'ends', answers: ['sent'] }

/**
 * The real store, the api's calls on it, real activities in processes that may die, and the real run state; Temporal's
 * part, its signals, activities and clock, is played here, so that all comes as late, as often and in the order wanted.
 */
export class World {
  readonly caller: Caller
  readonly runs = new Map<string, ModelRun>()
  readonly signals: Signals
  /** The store's clock. */
  now = START
  /** By so much the runs' clock is ahead. */
  #ahead = 0
  readonly #db: Database
  #processes: WorkerProcess[] = []

  private constructor(context: Context, home: Home, store: StoreIdentity) {
    this.#db = context.store.db
    this.signals = new Signals(this.#db, store, this.runs)
    this.caller = new Caller({
      context: { ...context, now: () => this.now },
      home,
      tell: (signals) => void this.signals.underWay.push(...signals),
      punctual: false,
    })
  }

  static async open(context: Context, home: Home): Promise<World> {
    return new World(context, home, await storeIdentity(context.store.db))
  }

  get jobs(): Job[] {
    return [...this.runs.values()].flatMap(({ jobs }) => jobs)
  }

  /** Jobs no process is at. */
  get idle(): Job[] {
    return this.jobs.filter(({ at, result }) => at === undefined && result === undefined)
  }

  get under(): Job[] {
    return this.jobs.filter(({ at }) => at !== undefined)
  }

  get done(): Job[] {
    return this.jobs.filter(({ result }) => result !== undefined)
  }

  get requested(): ModelRun[] {
    return [...this.runs.values()].filter(({ requests, state }) => requests.length > 0 && state.window.hasBegun)
  }

  get hanging() {
    return this.#processes.flatMap((process) => process.hanging.map((hanging) => ({ process, hanging })))
  }

  /** Whoever is being sent to. */
  caught(n: number): number {
    return pick(this.hanging, n).hanging.begun.row
  }

  cancelByHand(n: number, request: CancelRequest): void {
    pick([...this.runs.values()], n).ask(request)
    this.turn()
  }

  /** The activity for the first of such requests; with its answer lost, it is carried out again. */
  async cancelInStore(n: number, isHeard: boolean): Promise<void> {
    const run = pick(this.requested, n)
    const { request, upTo } = run.requests[0]!
    const input = { request, upTo: upTo ?? run.state.newest }
    const { removed } = await this.caller.cancelInStore(run.workflowId, input, (db) =>
      new TestWorker(db, undefined, () => this.now).cancelInStore(run.workflowId, input),
    )
    if (!isHeard) return
    run.state.remove(removed)
    run.requests.shift()
    this.turn()
  }

  async arrive(n: number, again = false): Promise<void> {
    await this.signals.arrive(pick(this.signals.underWay, n), again)
    this.turn()
  }

  lose(n: number): void {
    this.signals.lose(pick(this.signals.underWay, n))
  }

  /** Housekeeping sends what nobody has confirmed, as it is now. */
  async resend(): Promise<void> {
    this.signals.underWay.push(...(await this.signals.unconfirmed(this.caller.workflowIds)))
  }

  continueAsNew(n: number): void {
    pick([...this.runs.values()], n).draining = true
    this.turn()
  }

  /** The run is told to read the store again. */
  reload(n: number): void {
    pick([...this.runs.values()], n).state.reload()
    this.turn()
  }

  /** The store's clock goes to an offset from the next instant somebody wakes; the runs' is `ahead` of it. */
  async passTo(offset: number, ahead = 0): Promise<void> {
    if (this.jobs.length === 0 && (await this.signals.unconfirmed(this.caller.workflowIds)).length === 0) {
      await holdAwake(this.caller, this.runs, this.now)
    }
    const dues = [...this.runs.values()].flatMap(({ state }) => state.nextDue ?? [])
    const next = dues.length === 0 ? this.now : Math.min(...dues)
    this.now = Math.max(this.now, next + offset)
    this.#ahead = ahead
    this.turn()
  }

  /** Somebody is due, if anybody waits at all. */
  async #comeDue(): Promise<void> {
    if (this.idle.length === 0) while (this.signals.underWay.length > 0) await this.arrive(0)
    if (this.idle.length === 0) while (this.done.length > 0) this.settle(0)
    if (this.idle.length === 0) await this.passTo(0)
  }

  /** A process takes a job, or tries one again; something else comes in the middle of it. */
  async work(n: number, fate: Fate, meanwhile?: { after: number; work: () => Promise<void> }): Promise<void> {
    await this.#comeDue()
    const isSend = ({ name }: Job) => name === 'deliver'
    // Only a send can hang: walks go on until there is one.
    for (let i = 0; i < 3 && fate.kind === 'hangs' && this.idle.length > 0 && !this.idle.some(isSend); i += 1) {
      await this.#attempt(this.idle[0]!, n, WELL)
      while (this.done.length > 0) this.settle(0)
      await this.#comeDue()
    }
    const sends = fate.kind === 'hangs' ? this.idle.filter(isSend) : []
    const jobs = sends.length > 0 ? sends : this.idle
    if (jobs.length > 0) await this.#attempt(pick(jobs, n), n, fate, meanwhile)
  }

  async #attempt(
    job: Job,
    n: number,
    fate: Fate,
    meanwhile?: { after: number; work: () => Promise<void> },
  ): Promise<void> {
    const isRoom = this.#processes.length < PROCESSES
    const process = isRoom ? await this.#startProcess() : pick(this.#processes, n)
    if (meanwhile !== undefined) process.interject(meanwhile.after, meanwhile.work)
    const attempt = process.run(job.run.workflowId, job.name, job.input, fate)
    job.at = { process, attempt }
    const came = await process.still(attempt)
    await process.interjected()
    if (came === 'over') await this.#heard(job, fate.kind !== 'unheard')
    await this.#bury()
  }

  async #startProcess(): Promise<WorkerProcess> {
    const process = await WorkerProcess.start(this.#db, this.caller.account, () => this.now)
    this.#processes.push(process)
    return process
  }

  async #heard(job: Job, isHeard = true): Promise<void> {
    const result = await job.at!.attempt.result
    delete job.at
    if (result !== undefined && isHeard) job.result = result as NonNullable<Job['result']>
  }

  /** What a process that died was at is given to another one. */
  async #bury(): Promise<void> {
    for (const process of this.#processes.filter(({ isDead }) => isDead)) {
      process.kill()
      await process.gone()
      for (const job of this.under) if (job.at!.process === process) delete job.at
    }
    this.#processes = this.#processes.filter(({ isDead }) => !isDead)
  }

  /** A process is gone in the middle of its sends. */
  async kill(n: number): Promise<void> {
    pick(this.hanging, n).process.kill()
    await this.#bury()
  }

  /** An activity that hangs is not heard of for as long as the server waits: it gives its job to another process. */
  timeOut(n: number): void {
    delete pick(this.under, n).at
    this.now += HEARTBEAT_MS
    this.turn()
  }

  /** An activity that hangs answers, and its sends go on under their leases. */
  async answer(n: number): Promise<void> {
    const job = pick(this.under, n)
    const { process, attempt } = job.at!
    attempt.stop()
    await process.gone()
    if (attempt.isOver()) await this.#heard(job)
  }

  /** A send that hangs ends. */
  async letGo(n: number): Promise<void> {
    const { process, hanging } = pick(this.hanging, n)
    await process.letGo(hanging)
    for (const job of this.under) if (job.at!.attempt.isOver()) await this.#heard(job)
  }

  /** A result reaches its run. */
  settle(n: number): void {
    const job = pick(this.done, n)
    job.run.settle(job)
    this.turn()
  }

  /** Every run acts on what has changed. */
  turn(): void {
    for (const run of [...this.runs.values()]) if (!run.turn(this.now + this.#ahead)) this.runs.delete(run.workflowId)
  }

  /** All that is under way arrives, is done and settles, and the clock goes to the next instant. */
  async goOn(): Promise<void> {
    while (this.signals.underWay.length > 0) await this.arrive(0)
    while (this.hanging.length > 0) await this.letGo(0)
    while (this.requested.length > 0) await this.cancelInStore(0, true)
    for (const job of this.under) await this.#heard(job)
    for (let i = this.idle.length; i > 0 && this.idle.length > 0; i -= 1) await this.#attempt(this.idle[0]!, i, WELL)
    while (this.done.length > 0) this.settle(0)
    await this.passTo(0)
  }

  /** All instants pass: nobody is left anywhere, and every answer was true. */
  async finish(): Promise<void> {
    for (let round = 0; round < 300; round += 1) {
      await this.resend()
      await this.goOn()
      if (this.runs.size === 0 && (await this.signals.unconfirmed(this.caller.workflowIds)).length === 0) break
    }
    const left = await this.signals.unconfirmed(this.caller.workflowIds)
    assert.deepEqual([this.runs.size, left], [0, []], 'it comes to an end')
    await this.caller.account.hold()
  }

  /** Ends what hangs. */
  async close(): Promise<void> {
    for (const process of this.#processes) {
      process.kill()
      await process.gone()
    }
  }
}

export function pick<Item>(items: readonly Item[], n: number): Item {
  return items[n % items.length]!
}
