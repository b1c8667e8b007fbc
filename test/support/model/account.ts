import assert from 'node:assert/strict'
import type { Definition } from '../../../definitions/definition.ts'
import { ids, query, type Database } from '../../../store/database.ts'
import { keyOfMessageId } from '../../../store/message-id.ts'
import { recipientKey } from '../../../store/recipient.ts'
import { rowOfUuid } from '../../../store/row-id.ts'
import type { Verdict } from '../../../store/verdict.ts'
import { sql } from 'drizzle-orm'
import type { Attempted } from './attempt.ts'

const DAY = 24 * 3_600_000
const FIRST_BACKOFF = 15_000
const REACHED = new Set(['sent', 'delivered', 'delivery_attempted'])

interface Accepted {
  recipient: string
  definition: Definition
  acceptedAt: number
}

/** The activity that sends. */
export interface HandOut {
  input: { now: number }
}

/** A send as the provider saw it. */
interface Send extends Attempted {
  order: number
  at: number
  job: HandOut
  /** The worker was lost before it had recorded it: it may be made once more. */
  unrecorded: boolean
}

/** What somebody was told of a row: from then on at most the step in flight reaches them. */
interface Told {
  order: number
  outcome: 'canceled' | 'sending' | 'over'
  inFlight: number | null
  reached: number[]
}

interface Move {
  order: number
  step: number
  due: number
}

export interface RowSeen {
  id: number
  status: 'waiting' | 'claimed' | 'ended' | 'canceled'
  step: number
  canceling: boolean
  /** Who canceled it: an api key, or `temporal` for a cancel by hand. */
  by: string | null
}

interface MessageSeen {
  row: number
  step: number
  status: string
  at: number
}

/** Everything that was accepted, sent and answered, in one order, and whether it holds together. */
export class Account {
  readonly rows = new Map<number, Accepted>()
  readonly #db: Database
  readonly #sends: Send[] = []
  readonly #told = new Map<number, Told>()
  /** Canceled by hand while claimed: nobody was told, and either end is right. */
  readonly #open = new Set<number>()
  readonly #moves = new Map<number, Move[]>()
  #order = 0

  constructor(db: Database) {
    this.#db = db
  }

  accept(row: number, accepted: Accepted): void {
    this.rows.set(row, accepted)
  }

  send(job: HandOut, at: number, sent: Attempted): void {
    this.#sends.push(Object.assign(sent, { order: (this.#order += 1), at, job, unrecorded: false }))
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

  async moved(rows: number[], due: number): Promise<void> {
    const order = (this.#order += 1)
    for (const { id, step } of await this.seen(rows)) {
      const moves = this.#moves.get(id) ?? []
      this.#moves.set(id, [...moves, { order, step, due }])
    }
  }

  /** Rows taken out by hand, and others that may have been, since they were claimed then. */
  async takenOut(rows: number[], open: number[]): Promise<void> {
    const order = (this.#order += 1)
    const messages = await this.#messages()
    for (const id of rows) {
      const reached = reachedIn(messages, id)
      this.#told.set(id, { order, outcome: 'canceled', inFlight: null, reached })
    }
    for (const id of open) this.#open.add(id)
  }

  /** `addressed`: the rows the verdict is to speak of. */
  async judged(verdict: Verdict, addressed: number[]): Promise<void> {
    const order = (this.#order += 1)
    const messages = await this.#messages()
    const entries = verdict.recipients.flatMap(({ id, runs }) =>
      runs.map((run) => ({ ...run, recipient: recipientKey(id), row: rowOfUuid(run.workflow_recipient_run_id)! })),
    )
    const told = (row: number) => JSON.stringify({ row, verdict })
    assert.deepEqual(sorted(entries.map(({ row }) => row)), sorted(addressed), 'a verdict of exactly who is addressed')
    for (const { row, recipient, outcome, in_flight: ref, messages: listed } of entries) {
      const { definition, recipient: of } = this.rows.get(row)!
      assert.equal(recipient, of)
      const inFlight = ref === null ? null : definition.steps.findIndex((step) => step.ref === ref)
      const keys = listed.map((id) => keyOfMessageId(id)!)
      assert.ok(
        keys.every((key) => key.recipientRunId === row),
        told(row),
      )
      const reached = keys.map(({ step }) => step)
      if (inFlight === null) assert.deepEqual(reached, reachedIn(messages, row), told(row))
      if (outcome === 'already_sent') assert.ok(reached.length > 0, told(row))
      if (outcome === 'ended') assert.equal(reached.length, 0, told(row))
      if (outcome === 'sending')
        assert.equal(
          inFlight,
          definition.steps.findLastIndex(({ type }) => type === 'channel'),
        )
      const before = this.#told.get(row)
      if (outcome === 'already_canceled') assert.ok(before !== undefined || this.#open.has(row), told(row))
      if (before?.outcome === 'canceled') assert.equal(outcome, 'already_canceled', told(row))
      if (before?.outcome === 'over') assert.ok(outcome === 'already_sent' || outcome === 'ended', told(row))
      if (before !== undefined) continue
      if (outcome === 'canceled' || outcome === 'sending') this.#told.set(row, { order, outcome, inFlight, reached })
      else if (outcome !== 'already_canceled') this.#told.set(row, { order, outcome: 'over', inFlight: null, reached })
    }
  }

  async seen(rows: number[]): Promise<RowSeen[]> {
    return query(
      this.#db,
      sql`select id, status, step, cancel_id is not null as canceling,
            (select api_key from cancels where cancels.id = cancel_id) as by
          from recipient_runs where id = any(${ids(rows)}) order by id`,
    )
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
      const all = JSON.stringify({ row, told, messages: ofRow, sends: sends.map(({ job: _, ...send }) => send) })
      this.#holdSends(sends, ofRow, all)
      this.#holdInstants(row.id, sends, ofRow, all)
      this.#holdEnd(row, ofRow, all)
      if (told !== undefined) holdTold(told, sends, ofRow, all)
    }
  }

  /** Sent once, under one id; once more only for a lost worker. */
  #holdSends(sends: Send[], messages: MessageSeen[], all: string): void {
    for (const step of new Set(sends.map(stepOf))) {
      const ofStep = sends.filter((send) => stepOf(send) === step)
      const recorded = ofStep.filter(({ answer, unrecorded }) => answer === 'sent' && !unrecorded)
      assert.ok(recorded.length <= 1, `sent twice: ${all}`)
      assert.equal(new Set(ofStep.map(({ messageId }) => messageId)).size, 1, all)
      const message = messages.find((each) => each.step === step)
      assert.ok(message !== undefined, `sent and not on record: ${all}`)
      if (recorded.length > 0) assert.equal(message.status, 'sent', all)
    }
    for (const { step, status } of messages) {
      const ofStep = sends.filter((send) => stepOf(send) === step)
      assert.notEqual(status, 'queued', `still to be tried: ${all}`)
      if (status === 'sent')
        assert.ok(
          ofStep.some(({ answer }) => answer === 'sent'),
          `on record and never sent: ${all}`,
        )
    }
  }

  /** Nothing before its instant. */
  #holdInstants(id: number, sends: Send[], messages: MessageSeen[], all: string): void {
    const { definition, acceptedAt } = this.rows.get(id)!
    let from = acceptedAt
    for (const [step, { type }] of definition.steps.entries()) {
      if (type === 'delay') {
        from += DAY
        continue
      }
      const moves = (this.#moves.get(id) ?? []).filter((move) => move.step === step)
      const ofStep = sends.filter((send) => stepOf(send) === step)
      let earliest = from
      let since = 0
      for (const { order, at, answer, job, unrecorded } of ofStep) {
        const due = moves.findLast((move) => move.order < order && move.order > since)?.due ?? earliest
        assert.ok(at >= due, `step ${step} at ${at}, before ${due}: ${all}`)
        if (answer !== 'retry' || unrecorded) continue
        earliest = job.input.now + FIRST_BACKOFF
        since = order
      }
      const message = messages.find((each) => each.step === step)
      if (message === undefined) return
      if (ofStep.length === 0 && message.status === 'delivered') {
        const due = moves.at(-1)?.due ?? from
        assert.ok(message.at >= due, `step ${step} at ${message.at}, before ${due}: ${all}`)
      }
      from = ofStep.at(-1)?.job.input.now ?? message.at
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

function holdTold(
  { order, outcome, inFlight, reached }: Told,
  sends: Send[],
  messages: MessageSeen[],
  all: string,
): void {
  const later = sends.filter((send) => send.order > order)
  assert.ok(
    later.every((send) => stepOf(send) === inFlight),
    `sent after "${outcome}": ${all}`,
  )
  const since = messages.filter(({ step, status }) => REACHED.has(status) && !reached.includes(step))
  assert.ok(
    since.every(({ step }) => step === inFlight),
    `reached after "${outcome}": ${all}`,
  )
  for (const step of reached)
    assert.ok(
      messages.some((each) => each.step === step && REACHED.has(each.status)),
      all,
    )
}

function reachedIn(messages: MessageSeen[], row: number): number[] {
  return messages.filter((each) => each.row === row && REACHED.has(each.status)).map(({ step }) => step)
}

const rowOf = ({ messageId }: Attempted) => keyOfMessageId(messageId)!.recipientRunId
const stepOf = ({ messageId }: Attempted) => keyOfMessageId(messageId)!.step
const sorted = (numbers: number[]) => [...numbers].sort((a, b) => a - b)
