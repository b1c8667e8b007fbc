import { BACKOFF_S } from '../../activities/settlements.ts'
import { recipientKey } from '../../store/recipient.ts'
import { rowId, triggerIdOf } from '../../store/row-id.ts'
import { sleepersOf } from '../../store/sleepers.ts'
import {
  idsOf,
  toRanges,
  type DeliverInput,
  type DeliverResult,
  type HousekeepingActivities,
  type RemovedMessage,
  type RunActivities,
  type Sleepers,
  type TakeOutInput,
  type TriggerMessage,
  type WebhookActivities,
} from '../../workflows/messages.ts'

/** Steps in their order: the ref of a send, or a delay before the next one in milliseconds. */
export type Plan = readonly (string | { delay: number })[]

/** One recipient handed to the activity, at the workflow's instant. */
export interface HandOut {
  step: string
  recipient: string
  /** Epoch milliseconds. */
  at: number
  outcome: 'sent' | 'retry' | 'refused'
}

interface Row {
  id: number
  recipient: string
  step: number
  due: number
  revision: number
  attempt: number
  status: 'waiting' | 'ended' | 'canceled'
}

/**
 * The store's side of a run, in memory: rows, their claims and their next steps, as the real activities settle them. It
 * records who was handed out when, and what no run may do: hand out early, or twice at one revision.
 */
export class RecordingStore {
  readonly handOuts: HandOut[] = []
  /** Recipients in each call of deliver. */
  readonly chunks: number[] = []
  /** Calls of deliver at this moment, and the most there were. */
  delivering = 0
  mostDelivering = 0
  /** What a correct run never does, in words. */
  readonly faults: string[] = []
  /** The cancels sent by hand that reached the store. */
  readonly takenOut: TakeOutInput['request'][] = []
  /** How often each step still fails. */
  readonly failures = new Map<string, number>()
  /** Awaited by each activity before it answers. */
  hold: Promise<void> = Promise.resolve()
  /** A signal was sent again: it may bring back who is through by now, to be refused. */
  resent = false
  readonly #plan: Plan
  readonly #rows = new Map<number, Row>()
  readonly #triggers: string[] = []
  readonly #handedOut = new Set<string>()
  readonly #webhookTurns = [1_000]

  constructor(plan: Plan) {
    this.#plan = plan
  }

  /** Accepts a trigger at this instant; the message is what the api would send. */
  accept(recipients: string[], now: number): TriggerMessage {
    const place = this.#triggers.length
    const workflowRunId = `00000000-0000-4000-8000-${String(place).padStart(12, '0')}`
    this.#triggers.push(workflowRunId)
    const rows = recipients.map((recipient, i): Row => {
      const begin = this.#arrive(0, now)
      return { id: rowId(place + 1, i), recipient, revision: 1, attempt: 0, status: 'waiting', ...begin }
    })
    for (const row of rows) this.#rows.set(row.id, row)
    return { workflowRunId, sleepers: this.#sleepers(rows) }
  }

  /** Takes these recipients out, or everybody, as the api's cancel does. */
  cancel(recipients: string[] | null): RemovedMessage {
    const rows = this.#pending(recipients)
    for (const row of rows) row.status = 'canceled'
    return { rows: toRanges(rows.map((row) => row.id)), recipients: rows.map((row) => row.recipient) }
  }

  /** Moves their sleep, as the api's reschedule does. */
  move(recipients: string[], due: number): Sleepers[] {
    const rows = this.#pending(recipients)
    for (const row of rows) Object.assign(row, { due, revision: row.revision + 1 })
    return this.#sleepers(rows)
  }

  /** Everybody pending, as a trigger's message that is sent late tells it. */
  sleepers(): Sleepers[] {
    return this.#sleepers(this.#pending(null))
  }

  readonly activities: RunActivities & HousekeepingActivities & WebhookActivities = {
    housekeep: () => Promise.resolve({ resent: 0, ended: 0 }),
    // The first turn leaves an event to be tried again.
    deliverWebhooks: () => Promise.resolve({ delivered: 1, failed: 0, nextInMs: this.#webhookTurns.shift() ?? null }),
    deliver: async (input) => {
      this.delivering += 1
      this.mostDelivering = Math.max(this.mostDelivering, this.delivering)
      await this.hold
      this.delivering -= 1
      return this.#deliver(input)
    },
    takeOut: async ({ request, upTo }) => {
      this.takenOut.push(request)
      const named = request.recipients?.map(recipientKey) ?? null
      const rows = this.#pending(named).filter(
        (row) => row.id <= upTo && this.#isOf(row, request.workflow_run_id ?? null),
      )
      for (const row of rows) row.status = 'canceled'
      await this.hold
      return { rows: toRanges(rows.map((row) => row.id)) }
    },
  }

  #deliver({ now, step, rows }: DeliverInput): DeliverResult {
    const counts = { sent: 0, canceled: 0, skipped: 0, failed: 0 }
    const asleep: Row[] = []
    const handed = rows.flatMap(({ revision, ids }) => idsOf(ids).map((id) => ({ id, revision })))
    this.chunks.push(handed.length)
    for (const { id, revision } of handed) {
      const row = this.#rows.get(id)!
      const outcome = this.#carryOut(row, revision, step, now)
      this.handOuts.push({ step, recipient: row.recipient, at: now, outcome })
      if (outcome === 'sent') counts.sent += 1
      if (row.status === 'canceled') counts.canceled += 1
      if (row.status === 'waiting') asleep.push(row)
    }
    return { asleep: this.#sleepers(asleep), ...counts }
  }

  #carryOut(row: Row, revision: number, step: string, now: number): HandOut['outcome'] {
    const told = `${row.recipient} (row ${row.id}, revision ${revision})`
    const mayReturn = this.resent && row.status !== 'waiting'
    if (this.#handedOut.has(`${row.id} ${revision}`) && !mayReturn) this.faults.push(`${told} handed out twice`)
    this.#handedOut.add(`${row.id} ${revision}`)
    if (row.status !== 'waiting' || row.revision !== revision) return 'refused'
    if (now < row.due) this.faults.push(`${told} handed out ${row.due - now} ms early`)
    if (this.#plan[row.step] !== step) this.faults.push(`${told} handed out for ${step}, not ${this.#refOf(row)}`)
    row.revision += 1
    const failures = this.failures.get(step) ?? 0
    if (failures > 0) {
      this.failures.set(step, failures - 1)
      row.due = now + BACKOFF_S[row.attempt]! * 1_000
      row.attempt += 1
      return 'retry'
    }
    row.attempt = 0
    const next = this.#arrive(row.step + 1, now)
    if (next.step < this.#plan.length) Object.assign(row, next)
    else row.status = 'ended'
    return 'sent'
  }

  #arrive(step: number, from: number): { step: number; due: number } {
    const here = this.#plan[step]
    return typeof here === 'object' ? { step: step + 1, due: from + here.delay } : { step, due: from }
  }

  #pending(recipients: string[] | null): Row[] {
    const rows = [...this.#rows.values()].filter((row) => row.status === 'waiting')
    return recipients === null ? rows : rows.filter((row) => recipients.includes(row.recipient))
  }

  #isOf(row: Row, workflowRunId: string | null): boolean {
    return workflowRunId === null || this.#triggers[triggerIdOf(row.id) - 1] === workflowRunId
  }

  #refOf(row: Row): string {
    return this.#plan[row.step] as string
  }

  #sleepers(rows: Row[]): Sleepers[] {
    return sleepersOf(rows.map((row) => ({ ...row, step: this.#refOf(row) })))
  }
}
