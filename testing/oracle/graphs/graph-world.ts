import { MockActivityEnvironment } from '@temporalio/testing'
import { DefaultLogger } from '@temporalio/worker'
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { sql } from 'drizzle-orm'
import type { Context } from '../../../api/http/route.ts'
import { triggerOf, triggerRequest } from '../../../api/requests/trigger.ts'
import type { Outgoing, SendResult } from '../../../channels/sender.ts'
import { EngineError } from '../../../engine/errors.ts'
import { acceptTrigger } from '../../../engine/accept-trigger.ts'
import { cancel } from '../../../engine/cancel.ts'
import { move } from '../../../engine/move.ts'
import { postEvent } from '../../../engine/post-event.ts'
import { noOutbox } from '../../../events/outbox.ts'
import { endMembers, unsettledBatches } from '../../../store/batches/end-members.ts'
import { storeIdentity } from '../../../store/environment/store-identity.ts'
import { keyOfMessageId, messageId } from '../../../store/ids/message-id.ts'
import { engage } from '../../../store/messages/engagement.ts'
import { query, texts, transaction, type Database } from '../../../store/postgres/database.ts'
import { upsertUsers } from '../../../store/profiles/users.ts'
import { offerChanges } from '../../../store/waits/offer-events.ts'
import type { PendingSignal } from '../../../store/signals/pending-signals.ts'
import type { StoreIdentity } from '../../../workflows/store-identity.ts'
import { TestWorker } from '../../fixtures/activities.ts'
import { isDeath, MortalStore, ProcessDied } from '../mortal.ts'
import { resultOf } from '../provider.ts'
import { ModelRun, type Job } from '../run.ts'
import { Signals } from '../signals.ts'
import type { DefinitionVersion } from '../../../definitions/definition.ts'
import { GraphAccount } from './graph-account.ts'
import type { Call, Step, Work } from './life.ts'
import type { Node } from './nodes.ts'
import { preferenceSets } from './wishes.ts'
import { loadMessages, loadRows } from './seen.ts'
import { MINUTE } from './walks.ts'
import { CHILD } from './written.ts'

const START = Date.UTC(2030, 0, 1)
/** Each life has a month of its own: what everybody may match that came in another is out of sight. */
const MONTH = 30 * 24 * 60 * MINUTE
/** After the beginning. */
const DUE = 45 * MINUTE
const WELL: Work = { n: 0, answer: 'sent', isUnheard: false, dies: null, between: null, whileSending: null }
const quiet = new DefaultLogger('ERROR')

/** A version as it was grown, and as it was read. */
export interface Version {
  nodes: readonly Node[]
  read: DefinitionVersion
}

/** A fetch as it came in: the step that asks, and the activities that it lists. */
export interface Asked {
  ref: string
  text: string
}

export interface GraphLife {
  key: string
  /** The version it begins with, and another. */
  versions: readonly [Version, Version]
  child: Version
  shared: boolean
  /** Its place among all lives led on a store. */
  place: number
}

/**
 * One definition of any steps, with two recipients, three keys and the workflow that it triggers: the real store, calls of
 * the api, activities in processes that may die, and run states; Temporal's part is played here.
 */
export class GraphWorld {
  now: number
  readonly #dueAt: number
  #context: Context
  readonly #db: Database
  readonly #life: GraphLife
  readonly #recipients = [`${randomUUID()} ada`, `${randomUUID()} bob`]
  readonly #keys = [0, 1, 2].map((n) => `${randomUUID()} ${n}`)
  readonly #runs = new Map<string, ModelRun>()
  readonly #signals: Signals
  readonly #account: GraphAccount
  #changes = 0
  /** Of the process that is at work, and what went wrong in what came while it fetched. */
  #work: Work = WELL
  #wrong: Error | null = null

  private constructor(context: Context, store: StoreIdentity, life: GraphLife) {
    const signaler = { send: () => Promise.resolve() }
    this.now = START + life.place * MONTH
    this.#dueAt = this.now + DUE
    this.#context = { ...context, signaler, now: () => this.now }
    this.#db = context.store.db
    this.#life = life
    this.#signals = new Signals(this.#db, store, this.#runs)
    const { versions, child } = life
    // Two of one content are one: the first.
    const byHash = [child, ...versions.toReversed()].map(({ read, nodes }) => [read.hash, nodes] as const)
    this.#account = new GraphAccount({
      versions: new Map(byHash),
      first: versions[0].nodes,
      ...{ dueAt: this.#dueAt, recipients: this.#recipients, withDevices: this.#recipients[0]! },
    })
  }

  static async open(context: Context, life: GraphLife): Promise<GraphWorld> {
    const world = new GraphWorld(context, await storeIdentity(context.store.db), life)
    await world.#publish({ do: 'publish', version: 0, as: 'active' })
    const { id } = context.catalog.channels.find(({ key }) => key === 'push')!
    const channelData = { [id]: { tokens: ['one', 'other'] } }
    await upsertUsers(context.store.db, [{ id: world.#recipients[0]!, properties: {}, channelData }])
    return world
  }

  async do(step: Step): Promise<void> {
    switch (step.do) {
      case 'work':
        await this.#workOn(step.work)
        break
      case 'pass':
        await this.#pass(step.to)
        if (step.late === null) break
        await this.#call(step.late)
        await this.#look()
        break
      case 'arrive':
        await this.#arrive(step.n, step.again)
        break
      case 'goOn':
        for (let round = 0; round < step.rounds; round += 1) await this.#goOn()
        break
      case 'continueAsNew':
      case 'reload': {
        const run = [...this.#runs.values()][step.n]
        if (run === undefined) break
        if (step.do === 'reload') run.state.reload()
        else run.draining = true
        this.#turn()
        break
      }
      default:
        await this.#call(step)
        await this.#look()
    }
  }

  /** A fetch came in, and is answered once this has resolved. Never rejects. */
  async asked({ ref, text }: Asked): Promise<void> {
    const { dies, whileSending } = this.#work
    this.#account.fetched({ ref, text, at: this.now, isRecorded: dies === null })
    if (whileSending === null) return
    await this.#call(whileSending).catch((error: unknown) => (this.#wrong ??= error as Error))
  }

  /** Carries everything to its end, and holds what came of it against the definition and against what was said. */
  async finish(): Promise<void> {
    for (let round = 0; ; round += 1) {
      assert.ok(round < 300, 'it never ends')
      if (await this.#goOn()) continue
      const left = await unsettledBatches(this.#db, (this.now += 2 * MINUTE))
      await endMembers(this.#db, left, this.now, noOutbox)
      if (left.length === 0 && !(await this.#goOn())) break
    }
    await this.#account.hold(this.#db)
  }

  async #call(call: Call): Promise<void> {
    switch (call.do) {
      case 'come':
        return this.#come(call)
      case 'cancel':
        return this.#cancel(call)
      case 'move':
        return this.#move(call)
      case 'post': {
        const recipients = this.#named(call.who)
        const { kind } = call
        for (const recipient of recipients ?? this.#recipients)
          this.#account.happened(recipient, { event: 'paid', at: this.now, kind })
        await postEvent(this.#context, this.#context, { event: 'paid', data: { kind }, recipients })
        return
      }
      case 'publish':
        return this.#publish(call)
      case 'prefer': {
        const id = this.#recipients[call.who]!
        this.#account.preferred(id, call.wish, this.now)
        const preferences = { default: { strategy: 'replace' as const, set: preferenceSets[call.wish] } }
        await transaction(this.#db, (tx) => upsertUsers(tx, [{ id, properties: {}, preferences }]))
        return
      }
      case 'change': {
        const users = this.#named(call.who)!.map((id) => ({ id, properties: { changed: (this.#changes += 1) } }))
        for (const { id } of users) this.#account.happened(id, { event: 'updated', at: this.now, kind: null })
        await transaction(this.#db, async (tx) => offerChanges(tx, await upsertUsers(tx, users), this.now, noOutbox))
        return
      }
      case 'see': {
        const messages = await this.#inFeeds()
        const seen = messages[call.n % messages.length]
        if (seen === undefined) return
        const { recipient, ofRow, isNew } = seen
        if (isNew) this.#account.happened(recipient, { event: 'seen', at: this.now, kind: null, ofRow })
        await engage(this.#db, [seen.id], 'seen', { now: this.now })
      }
    }
  }

  /** Triggers begin with that version from now on, and nobody goes on in any if it is not active. */
  async #publish({ version, as }: Call & { do: 'publish' }): Promise<void> {
    const { key, versions, child } = this.#life
    const { nodes, read } = versions[versions[0].read.hash === versions[1].read.hash ? 0 : version]
    this.#account.published.say({ nodes, isActive: as === 'active' }, this.now)
    await query(
      this.#db,
      sql`update current_definitions set hash = ${read.hash}, active = ${as !== 'inactive'}, archived = ${as === 'archived'}
          where key = ${key}`,
    )
    const current = { ...read, definition: { ...read.definition, active: as !== 'inactive' } }
    const definitions = new Map([[CHILD, child.read]])
    if (as !== 'archived') definitions.set(key, current)
    this.#context = { ...this.#context, catalog: { ...this.#context.catalog, definitions } }
  }

  async #come({ key, who, kind, skipsDelays, conflict }: Call & { do: 'come' }): Promise<void> {
    const request = triggerRequest.parse({
      recipients: this.#named(who),
      cancelation_key: this.#keys[key],
      data: { kind, shared: this.#life.shared, due_at: new Date(this.#dueAt).toISOString() },
      settings: { on_conflict: conflict, skip_delay: skipsDelays },
    })
    const order = this.#account.handOvers.next()
    const accepted = acceptTrigger(this.#context, this.#context, this.#life.key, triggerOf(request))
    const answer = await accepted.then(
      (given) => given.answer,
      (error: unknown) => {
        // What begins with a delay that is past is refused, and so is what is not active.
        const isRefused = !this.#account.published.now.isActive || this.now > this.#dueAt - 20 * MINUTE
        if (!(error instanceof EngineError) || !isRefused) throw error
        return undefined
      },
    )
    if (answer?.replaced !== undefined) this.#account.handOvers.addVerdict(answer.replaced, order)
  }

  async #cancel({ key, who, isChild }: Call & { do: 'cancel' }): Promise<void> {
    // What was triggered by now was so before it.
    await this.#look()
    const order = this.#account.handOvers.next()
    const address = { key: isChild ? CHILD : this.#life.key, cancelationKey: this.#keys[key]! }
    const { answer } = await cancel(this.#context, this.#context, address, { recipients: this.#named(who) })
    this.#account.handOvers.addVerdict(answer, order)
  }

  async #move({ key, who, to }: Call & { do: 'move' }): Promise<void> {
    const due = to === 'now' ? this.now : this.now + to * MINUTE
    const request = {
      cancelationKey: this.#keys[key]!,
      recipients: this.#named(who),
      to: to === 'now' ? to : { until: new Date(due).toISOString() },
    }
    const { answer } = await move(this.#context, this.#context, this.#life.key, request)
    const rows = await loadRows(this.#db, this.#recipients)
    this.#account.moved(answer, due, rows, await loadMessages(this.#db, this.#recipients))
  }

  #named(who: readonly number[] | null): string[] | null {
    return who === null ? null : who.map((n) => this.#recipients[n]!)
  }

  async #inFeeds(): Promise<{ id: string; recipient: string; ofRow: number | undefined; isNew: boolean }[]> {
    const found = await query<{
      row: number
      number: number
      recipient: string
      isNew: boolean
      isChild: boolean
      run: string
      at: number
    }>(
      this.#db,
      sql`select m.recipient_run_id as row, m.number, m.recipient, m.seen_at is null as "isNew",
            u.definition_key = ${CHILD} as "isChild", t.workflow_run_id as run,
            round(extract(epoch from t.accepted_at) * 1000)::float8 as at
          from messages m join triggers t on t.id = m.recipient_run_id / 131072 join runs u on u.id = t.run_id
          where m.recipient = any(${texts(this.#recipients)}) and m.channel_type = 'in_app_feed' order by 1, 2`,
    )
    return found.map(({ row, number, recipient, isNew, isChild, run, at }) => {
      const id = messageId({ workflowRunId: run, acceptedAt: new Date(at) }, { recipientRunId: row, number })
      return { id, recipient, isNew, ofRow: isChild ? undefined : row }
    })
  }

  /** Where everybody stands now, and what is new in their feeds. */
  async #look(): Promise<void> {
    const rows = await loadRows(this.#db, this.#recipients)
    this.#account.look(rows, await loadMessages(this.#db, this.#recipients), this.now)
  }

  async #pass(to: 'close' | 'due' | number): Promise<void> {
    const until = to === 'close' ? await this.#nextClose() : to === 'due' ? this.#nextDue() : this.now + to * MINUTE
    this.now = Math.max(this.now, until ?? 0)
    this.#turn()
  }

  async #nextClose(): Promise<number | null> {
    const [next] = await query<{ at: number | null }>(
      this.#db,
      sql`select min(round(extract(epoch from closes_at) * 1000))::float8 as at from batches
          where recipient = any(${texts(this.#recipients)}) and is_open`,
    )
    return next?.at ?? null
  }

  #nextDue(): number | null {
    const dues = [...this.#runs.values()].flatMap(({ state }) => state.nextDue ?? [])
    return dues.length === 0 ? null : Math.min(...dues)
  }

  async #pending() {
    const found = await query<{ id: string }>(
      this.#db,
      sql`select distinct u.workflow_id as id from recipient_runs r join triggers t on t.id = r.id / 131072
            join runs u on u.id = t.run_id where r.recipient = any(${texts(this.#recipients)}) order by 1`,
    )
    return this.#signals.unconfirmed(found.map(({ id }) => id))
  }

  async #arrive(n: number, again: boolean): Promise<void> {
    const pending = await this.#pending()
    const signal = pending[n % pending.length]
    if (signal !== undefined) await this.#take(signal, again)
  }

  async #take(signal: PendingSignal, again: boolean): Promise<void> {
    this.#signals.underWay.push(signal)
    await this.#signals.arrive(signal, again)
    this.#turn()
    if (!again) return
    await this.#signals.arrive(signal, false)
    this.#turn()
  }

  #turn(): void {
    for (const run of [...this.#runs.values()]) if (!run.turn(this.now)) this.#runs.delete(run.workflowId)
  }

  get #jobs(): Job[] {
    return [...this.#runs.values()].flatMap(({ jobs }) => jobs)
  }

  /** All signals arrive, all jobs are done well, and the clock goes to the next instant. False: nothing was left. */
  async #goOn(): Promise<boolean> {
    const pending = await this.#pending()
    for (const signal of pending) await this.#take(signal, false)
    if (this.#jobs.length === 0) await this.#pass('due')
    const jobs = this.#jobs
    for (const job of jobs) await this.#carryOut(job, WELL)
    return pending.length > 0 || jobs.length > 0 || this.#nextDue() !== null
  }

  async #workOn(work: Work): Promise<void> {
    if (this.#jobs.length === 0) for (const signal of await this.#pending()) await this.#take(signal, false)
    if (this.#jobs.length === 0) await this.#pass('due')
    const jobs = this.#jobs
    const job = jobs[work.n % jobs.length]
    if (job !== undefined) await this.#carryOut(job, work)
  }

  /** A process takes up a job. If it dies or is not heard of the job stays, for another. */
  async #carryOut(job: Job, work: Work): Promise<void> {
    const store = new MortalStore(this.#db)
    this.#work = work
    if (work.dies !== null) store.left = work.dies
    const { between } = work
    if (between !== null) store.interjection = { after: between.after, work: () => this.#call(between.call) }
    const worker = new TestWorker(
      store.db,
      (message) => this.#send(message, work, store),
      () => this.now,
    )
    const result = await this.#run(worker, job).catch((error: unknown) => {
      if (!isDeath(error)) throw error
    })
    await store.interject()
    await store.quiet()
    if (this.#wrong !== null) throw this.#wrong
    await this.#look()
    if (result === undefined || store.isDead || work.isUnheard) return
    job.result = result as NonNullable<Job['result']>
    job.run.settle(job)
    this.#turn()
  }

  async #run(worker: TestWorker, { run, name, input }: Job): Promise<unknown> {
    const activities = await worker.activities()
    const workflowExecution = { workflowId: run.workflowId, runId: run.workflowId }
    const env = new MockActivityEnvironment({ workflowExecution }, { logger: quiet })
    return env.run((given: unknown) => (activities[name] as (given: unknown) => Promise<unknown>)(given), input)
  }

  async #send({ messageId: id, content }: Outgoing<unknown>, work: Work, store: MortalStore): Promise<SendResult> {
    if (store.isDead || store.left <= 0) throw new ProcessDied('the process is gone')
    const { recipientRunId: row, number } = keyOfMessageId(id)!
    const text = textOf(content as Shown)
    const sent = this.#account.sent({ row, number, text, answer: work.answer, at: this.now })
    if (work.whileSending !== null) await this.#call(work.whileSending)
    sent.isRecorded = work.dies === null
    return resultOf(work.answer)
  }
}

/** What of a message lists its activities. */
interface Shown {
  subject_line?: string
  body?: string
  template?: { blocks: { content: string }[] }
}

function textOf({ subject_line, body, template }: Shown): string {
  return subject_line ?? template?.blocks[0]?.content ?? body!
}
