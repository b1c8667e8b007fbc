import { sql } from 'drizzle-orm'
import assert from 'node:assert/strict'
import type { Outgoing, SendResult } from '../../channels/sender.ts'
import type { Catalog } from '../../definitions/catalog.ts'
import { endMembers, unsettledBatches } from '../../store/batches/end-members.ts'
import { noOutbox } from '../../events/outbox.ts'
import { keyOfMessageId } from '../../store/ids/message-id.ts'
import { query, type Database } from '../../store/postgres/database.ts'
import { TestWorker } from '../fixtures/activities.ts'
import { Digests, type Activity } from '../fixtures/digests.ts'
import { HandOvers, type HandedOver } from './handed-over.ts'
import { isDeath, MortalStore, ProcessDied } from './mortal.ts'
import { resultOf, type ProviderAnswer } from './provider.ts'

const START = Date.UTC(2030, 0, 1)

/** What a process does for whoever is due, and what happens to it meanwhile. `between`: before its call after so many others. */
export interface Work {
  answer: ProviderAnswer
  /** It is gone after so many calls of the store. */
  dies: number | null
  between: { after: number; does: Meanwhile } | null
  /** While a message is being sent. */
  whileSending: Meanwhile | null
}

export type Meanwhile = { do: 'come' | 'cancel'; key: number }

interface StoredMessage {
  row: number
  number: number
  stepRef: string
  status: string
  text: string
}

interface Due {
  row: number
  workflowId: string
  /** Of a message; -1: the recipient run. */
  number: number
  revision: number
  at: number
}

/**
 * One recipient whose activities come to batches of one definition and are taken back, with processes that die; each
 * activity is named by its number, and messages list the numbers they contain.
 */
export class DigestWorld {
  now = START
  readonly #db: Database
  readonly #story: Digests
  readonly #recipient: string
  readonly #activities: Activity[] = []
  readonly #handOvers = new HandOvers()

  constructor(db: Database, catalog: Catalog, definition: string, recipient: string) {
    this.#db = db
    this.#recipient = recipient
    this.#story = new Digests(db, catalog, definition)
  }

  /** Triggers; a process walks it on later, with whoever else is due. */
  async come(key: number): Promise<void> {
    const n = this.#activities.length
    const activity = await this.#story.accept(this.now, this.#keyOf(key), { n }, { recipient: this.#recipient })
    this.#activities.push(activity)
  }

  async cancel(key: number): Promise<void> {
    const name = this.#keyOf(key)
    if (!this.#activities.some((activity) => activity.key === name)) return
    const order = this.#handOvers.next()
    this.#handOvers.addVerdict(await this.#story.cancel(this.now, name), order)
  }

  /** The clock goes to the close of the first batch that is open. */
  async toClose(): Promise<void> {
    const [next] = await query<{ at: number | null }>(
      this.#db,
      sql`select min(round(extract(epoch from closes_at) * 1000))::float8 as at from batches
          where recipient = ${this.#recipient} and is_open`,
    )
    if (next?.at != null) this.now = Math.max(this.now, next.at)
  }

  /** A process carries on all who are due. */
  async work(work: Work): Promise<void> {
    const store = new MortalStore(this.#db)
    if (work.dies !== null) store.left = work.dies
    const { between } = work
    if (between !== null) store.interjection = { after: between.after, work: () => this.#meanwhile(between.does) }
    const worker = new TestWorker(
      store.db,
      (message) => this.#send(message, work, store),
      () => this.now,
    )
    for (const due of await this.#due()) {
      if (due.at > this.now || store.isDead) continue
      const { workflowId, row, revision, number } = due
      const done =
        number < 0
          ? worker.advance(workflowId, [row], revision)
          : worker.deliver(workflowId, `email/${number}`, [row], revision)
      await done.catch((error: unknown) => {
        if (!isDeath(error)) throw error
      })
    }
    await store.interject()
    await store.quiet()
    await this.#seeFeed()
  }

  /** Carries everything to its end, and holds what came of it against what was said. */
  async finish(): Promise<void> {
    for (let rounds = 0; ; rounds += 1) {
      assert.ok(rounds < 200, 'it never ends')
      const due = await this.#due()
      if (due.length === 0) break
      this.now = Math.max(this.now, Math.min(...due.map(({ at }) => at)))
      await this.work({ answer: 'sent', dies: null, between: null, whileSending: null })
    }
    this.now += 120_000
    await endMembers(this.#db, await unsettledBatches(this.#db, this.now), this.now, noOutbox)
    await this.#hold()
  }

  async #meanwhile({ do: does, key }: Meanwhile): Promise<void> {
    await (does === 'come' ? this.come(key) : this.cancel(key))
  }

  async #send(message: Outgoing<unknown>, work: Work, store: MortalStore): Promise<SendResult> {
    if (store.isDead || store.left <= 0) throw new ProcessDied('the process is gone')
    const { subject_line: subject } = message.content as { subject_line: string }
    const { recipientRunId, number } = keyOfMessageId(message.messageId)!
    const name = `${recipientRunId}/${number}`
    const given = { at: this.now, rows: this.#rowsIn(subject), answer: work.answer, isRecorded: false }
    this.#handOvers.add({ message: name, ...given })
    if (work.whileSending !== null) await this.#meanwhile(work.whileSending)
    return resultOf(work.answer)
  }

  /** In-app messages are handed over by being written: those that are new are seen now. */
  async #seeFeed(): Promise<void> {
    for (const { row, number, stepRef, text } of await this.#messages()) {
      const message = `${row}/${number}`
      if (stepRef !== 'feed' || this.#handOvers.has(message)) continue
      this.#handOvers.add({ message, at: this.now, rows: this.#rowsIn(text), answer: 'sent', isRecorded: true })
    }
  }

  #keyOf(key: number): string {
    return `${this.#recipient} ${key}`
  }

  async #due(): Promise<Due[]> {
    return query<Due>(
      this.#db,
      sql`with mine as (
            select r.*, u.workflow_id as w from recipient_runs r join triggers t on t.id = r.id / 131072
              join runs u on u.id = t.run_id where r.recipient = ${this.#recipient}
          )
          select id as row, w as "workflowId", -1 as number, revision,
            round(extract(epoch from due) * 1000)::float8 as at from mine where status = 'waiting' and due is not null
          union all
          select m.recipient_run_id, r.w, m.number, m.revision,
            round(extract(epoch from coalesce(m.lease_until, m.due)) * 1000)::float8
          from mine r join messages m on m.recipient_run_id = r.id where m.status = 'queued'
          order by at, row, number`,
    )
  }

  async #messages(): Promise<StoredMessage[]> {
    return query<StoredMessage>(
      this.#db,
      sql`select recipient_run_id as row, number, step_ref as "stepRef", status,
            coalesce(content ->> 'subject_line', content -> 'blocks' -> 0 ->> 'content') as text
          from messages where recipient = ${this.#recipient} order by recipient_run_id, number`,
    )
  }

  async #hold(): Promise<void> {
    const messages = await this.#messages()
    const rows = await query<{ id: number; status: string; canceling: boolean }>(
      this.#db,
      sql`select id, status, cancel_id is not null as canceling from recipient_runs
          where recipient = ${this.#recipient} order by id`,
    )
    const batches = await query<{ carrier: number | null; isClosed: boolean; isSettled: boolean }>(
      this.#db,
      sql`select carrier, closed_at is not null as "isClosed", is_settled as "isSettled" from batches
          where recipient = ${this.#recipient}`,
    )
    const all = JSON.stringify({
      messages,
      rows,
      batches,
      told: [...this.#handOvers.verdicts],
      handedOver: this.#handOvers.all,
    })
    for (const { carrier, isClosed, isSettled } of batches)
      assert.ok(carrier === null || (isClosed && isSettled), `a batch is left behind: ${all}`)
    for (const [n, { row }] of this.#activities.entries()) {
      const stored = rows.find(({ id }) => id === row)!
      assert.ok(stored.status === 'ended' || stored.status === 'canceled', `activity ${n} is still pending: ${all}`)
      const said = this.#handOvers.verdicts.get(row)
      const seen = this.#handOvers.all.filter(({ rows: within }) => within.includes(row))
      for (const step of ['feed', 'mail']) {
        const inStep = (message: string) =>
          messages.find((each) => `${each.row}/${each.number}` === message)?.stepRef === step
        const sent = new Set(seen.filter((each) => isSent(each) && inStep(each.message)).map(({ message }) => message))
        assert.ok(sent.size <= 1, `activity ${n} is in two digests of ${step}: ${all}`)
        if (said === undefined || said.outcome === 'already_sent')
          assert.equal(sent.size, 1, `activity ${n} is in no digest of ${step}: ${all}`)
      }
      const isSaid = said?.outcome === 'canceled' || said?.outcome === 'sending'
      assert.ok(isSaid || !stored.canceling, `nobody was told so: ${all}`)
      this.#handOvers.holdVerdict(row)
    }
  }

  /** The recipient runs whose activities a text names by their numbers. */
  #rowsIn(text: string): number[] {
    return numbersIn(text).map((n) => this.#activities[n]!.row)
  }
}

function isSent({ answer }: HandedOver): boolean {
  return answer === 'sent' || answer === 'unknown'
}

function numbersIn(text: string): number[] {
  return text
    .split(' ')
    .filter((part) => /^\d+$/.test(part))
    .map(Number)
}
