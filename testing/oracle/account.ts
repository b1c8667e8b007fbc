// @ts-nocheck: of the first shape, being rewritten
import { sql } from 'drizzle-orm'
import assert from 'node:assert/strict'
import { lastSendOf } from '../../definitions/definition.ts'
import type { Answer } from '../../store/recipient-runs/answer.ts'
import type { Holder } from '../../store/recipient-runs/claims.ts'
import { ids, query, type Database } from '../../store/postgres/database.ts'
import {
  rescheduleOutcomes,
  sendNowOutcomes,
  type Move as Wish,
  type MoveOutcome,
} from '../../store/recipient-runs/move.ts'
import { outcomes, type Verdict } from '../../store/recipient-runs/verdict.ts'
import { entriesOf, type Accepted, type Addressed, type Entry } from './answers.ts'
import type { Attempted } from './attempt.ts'
import { holdInstants, type Move } from './instants.ts'
import { loadSeen, movedAt, moveOf, type RowSeen } from './row-seen.ts'
import { holdSends, reachedIn, rowOf, type HandOut, type MessageSeen, type Send } from './sends.ts'
import { holdTold, type Told } from './told.ts'

export interface AccountOptions {
  /** Nothing is lost or late: what is due goes out at its instant. */
  punctual: boolean
}

/** Everything that was accepted, sent and answered, in one order, and whether it holds together. */
export class Account {
  readonly rows = new Map<number, Accepted>()
  readonly #db: Database
  readonly #options: AccountOptions
  readonly #sends: Send[] = []
  readonly #told = new Map<number, Told>()
  /** Canceled by hand while claimed: nobody was told, and either end is right. */
  readonly #open = new Set<number>()
  readonly #moves = new Map<number, Move[]>()
  #order = 0

  constructor(db: Database, options: AccountOptions) {
    this.#db = db
    this.#options = options
  }

  accept(row: number, accepted: Accepted): void {
    this.rows.set(row, accepted)
  }

  send(job: HandOut, by: Holder, at: number, sent: Attempted): void {
    this.#sends.push(Object.assign(sent, { order: (this.#order += 1), at, job, by, unrecorded: false }))
  }

  /** The next attempt begins: what those before it have sent and not recorded may be sent once more. */
  async lost(job: HandOut): Promise<void> {
    const claimed = new Set(
      (await this.seen([...this.rows.keys()])).filter((row) => row.status === 'claimed').map(({ id }) => id),
    )
    for (const send of this.#sends) {
      if (send.job === job && claimed.has(rowOf(send))) send.unrecorded = true
    }
  }

  /** Rows taken out by hand, and others that may have been, since they were claimed then. */
  async takenOut(rows: number[], open: number[]): Promise<void> {
    const order = (this.#order += 1)
    const messages = await this.#messages()
    for (const id of rows) {
      const reached = reachedIn(messages, id)
      this.#told.set(id, { order, outcome: 'canceled', inFlight: null, by: null, last: order, reached })
    }
    for (const id of open) this.#open.add(id)
  }

  async judged(verdict: Verdict, addressed: number[], named: string[] | null): Promise<void> {
    const order = (this.#order += 1)
    const messages = await this.#messages()
    const now = await this.#seenById(addressed)
    for (const entry of entriesOf(verdict, outcomes, this.#addressed(addressed, named))) {
      const { row, outcome, inFlight, reached } = entry
      const told = JSON.stringify({ row, verdict })
      if (inFlight === null) assert.deepEqual(reached, reachedIn(messages, row), told)
      this.#holdOutcome(entry, told)
      const before = this.#told.get(row)
      if (before?.outcome === 'canceled') assert.equal(outcome, 'already_canceled', told)
      if (before !== undefined || outcome === 'already_canceled') continue
      const { status, claim, claimAttempt: attempt } = now.get(row)!
      const by = inFlight !== null && status === 'claimed' ? { claim: claim!, attempt } : null
      const last = by === null ? this.#order : Infinity
      const said = outcome === 'canceled' || outcome === 'sending' ? outcome : 'over'
      this.#told.set(row, { order, outcome: said, inFlight, by, last, reached })
    }
  }

  /** `before`: the rows addressed, as they were just before the call. */
  async moveJudged(
    answer: Answer<MoveOutcome>,
    { to, due, now: at }: Pick<Wish, 'to' | 'due' | 'now'>,
    before: RowSeen[],
    named: string[] | null,
  ): Promise<void> {
    const order = (this.#order += 1)
    const messages = await this.#messages()
    const rows = before.map(({ id }) => id)
    const now = await this.#seenById(rows)
    const was = new Map(before.map((row) => [row.id, row]))
    const all: readonly MoveOutcome[] = to === 'sent_now' ? sendNowOutcomes : rescheduleOutcomes
    for (const entry of entriesOf(answer, all, this.#addressed(rows, named))) {
      const { row, outcome, inFlight, reached } = entry
      const [then, since] = [was.get(row)!, now.get(row)!]
      const told = JSON.stringify({ row, then, since, answer })
      const isMoved = outcome === to
      this.#holdOutcome(entry, told)
      const isUntouched = since.status === then.status && since.revision === then.revision + Number(isMoved)
      if (isUntouched && since.canceling === then.canceling) {
        // Nobody else came to it: exactly this was to be answered.
        const stored = reachedIn(messages, row)
        assert.equal(outcome, moveOf(then, this.rows.get(row)!.definition, to, stored), told)
        assert.equal(inFlight, then.status === 'claimed' ? then.step : null, told)
        assert.deepEqual(reached, stored, told)
      }
      if (!isMoved) continue
      assert.ok(since.revision > then.revision, told)
      // What came to it in the same moment may have been before the move or after: the record says where it stood.
      const step = await movedAt(this.#db, row)
      if (isUntouched) assert.deepEqual([since.due, since.step], [due, step], told)
      else assert.ok(then.step <= step && step <= since.step, told)
      this.#moves.set(row, [...(this.#moves.get(row) ?? []), { order, step, due, at }])
    }
  }

  /** No answer contradicts an earlier one, nor itself. */
  #holdOutcome(
    { row, outcome, inFlight, reached }: Entry<MoveOutcome | Verdict['recipients'][0]['outcome']>,
    told: string,
  ) {
    const { definition } = this.rows.get(row)!
    if (outcome === 'already_sent') assert.ok(reached.length > 0, told)
    if (outcome === 'ended') assert.equal(reached.length, 0, told)
    if (outcome === 'sending') assert.equal(inFlight, lastSendOf(definition), told)
    const before = this.#told.get(row)
    if (outcome === 'already_canceled') assert.ok(before !== undefined || this.#open.has(row), told)
    if (before === undefined) return
    const after = {
      canceled: ['already_canceled'],
      // Its attempt may have gone out since, or failed.
      sending: ['sending', 'already_sent', 'ended', 'already_canceled'],
      over: ['already_sent', 'ended'],
    }
    assert.ok(after[before.outcome].includes(outcome), `${before.outcome} before: ${told}`)
  }

  #addressed(rows: number[], named: string[] | null): Addressed {
    return { rows: new Map(rows.map((row) => [row, this.rows.get(row)!])), named }
  }

  seen(rows: number[]): Promise<RowSeen[]> {
    return loadSeen(this.#db, rows)
  }

  async #seenById(rows: number[]): Promise<Map<number, RowSeen>> {
    return new Map((await this.seen(rows)).map((row) => [row.id, row]))
  }

  /** Held once nothing is under way any more. */
  async hold(): Promise<void> {
    const messages = await this.#messages()
    const rows = await this.seen([...this.rows.keys()])
    assert.equal(rows.length, this.rows.size)
    for (const row of rows) {
      const ofRow = messages.filter((message) => message.row === row.id)
      const sends = this.#sends.filter((send) => rowOf(send) === row.id)
      const told = this.#told.get(row.id)
      const moves = this.#moves.get(row.id) ?? []
      const all = JSON.stringify({ row, told, moves, messages: ofRow, sends: sends.map(({ job: _, ...send }) => send) })
      holdSends(sends, ofRow, all)
      const course = { accepted: this.rows.get(row.id)!, moves, sends, messages: ofRow }
      holdInstants(course, this.#options.punctual, all)
      this.#holdEnd(row, ofRow, all)
      if (told !== undefined) holdTold(told, sends, ofRow, all)
    }
  }

  /** Every step was accounted for, or a verdict says why not. */
  #holdEnd({ id, status }: RowSeen, messages: MessageSeen[], all: string): void {
    const { definition } = this.rows.get(id)!
    const told = this.#told.get(id)
    const mayBeCanceled = told?.outcome === 'canceled' || told?.outcome === 'sending' || this.#open.has(id)
    if (status === 'canceled') assert.ok(mayBeCanceled, `canceled, and nobody was told: ${all}`)
    else assert.equal(status, 'ended', `still pending: ${all}`)
    if (told?.outcome === 'canceled') assert.equal(status, 'canceled', all)
    if (status === 'canceled') return
    const steps = definition.steps.flatMap(({ type }, step) => (type === 'channel' ? [step] : []))
    assert.deepEqual(
      messages.map(({ step }) => step),
      steps,
      `a step is missing: ${all}`,
    )
  }

  async #messages(): Promise<MessageSeen[]> {
    return query(
      this.#db,
      sql`select recipient_run_id as row, step, status, (extract(epoch from inserted_at) * 1000)::float8 as at
          from messages where recipient_run_id = any(${ids([...this.rows.keys()])}) order by 1, 2`,
    )
  }
}
