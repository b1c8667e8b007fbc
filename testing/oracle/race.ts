// @ts-nocheck: of the first shape, being rewritten
import assert from 'node:assert/strict'
import { setImmediate as turn, setTimeout as wait } from 'node:timers/promises'
import { prepareTrigger, type TriggerAnswer } from '../../engine/accept-trigger.ts'
import { addressOf } from '../../engine/run-address.ts'
import { cancelInTransaction } from '../../engine/cancel.ts'
import type { Context } from '../../api/http/route.ts'
import { triggerOf, triggerRequest } from '../../api/requests/trigger.ts'
import type { DefinitionVersion } from '../../definitions/definition.ts'
import { transaction, type Database } from '../../store/postgres/database.ts'
import { claim } from '../../store/recipient-runs/claims.ts'
import { loadRows, type DeliveryRow } from '../../store/recipient-runs/deliveries.ts'
import { settle, type Settlement } from '../../store/recipient-runs/settle.ts'
import { moveIn, type Move } from '../../store/recipient-runs/move.ts'
import type { Verdict } from '../../store/recipient-runs/verdict.ts'
import { idsOf } from '../../workflows/messages.ts'
import { delivered, newMessage, toRetry } from '../fixtures/recipient-runs.ts'

/** When a call began and ended, in turns of one counter. */
interface Span {
  began: number
  ended: number
}

export type JudgedVerdict = Span & { verdict: Verdict; named: string[] | null }
export type AnsweredTrigger = Span & { answer: TriggerAnswer; rows: number[]; recipients: string[] }
export type AnsweredMove = Span & {
  answer: Awaited<ReturnType<typeof moveIn>>['answer']
  to: Move['to']
  /** Epoch milliseconds. */
  due: number
  named: string[] | null
  /** The rows moved, and the revision each has since. */
  revisions: Map<number, number>
}
/** A row taken for a send, at the instant `at`: a claim, or a claim and settlement in one. */
export type Take = Span & { row: number; step: number; revision: number; at: number }

/** How far from now sleeps are moved to, either way, and how long they last. */
const NEAR_MS = 50
/** Somebody may be moved to an earlier instant meanwhile. */
const LOOK_MS = 10

/**
 * One key of one definition, with workers that carry its recipient runs on as fast as they can, while triggers and
 * cancels come. It writes down what everybody was told.
 */
export class Race {
  readonly verdicts: JudgedVerdict[] = []
  readonly triggers: AnsweredTrigger[] = []
  readonly moves: AnsweredMove[] = []
  readonly takes: Take[] = []
  readonly key: string
  readonly #context: Context
  readonly #version: DefinitionVersion
  /** 0 to 99, at random. */
  readonly #dice: () => number
  readonly #workers: Promise<void>[] = []
  #turns = 0
  #activities = 0

  constructor(context: Context, version: DefinitionVersion, key: string, dice: () => number) {
    this.#context = context
    this.#version = version
    this.key = key
    this.#dice = dice
  }

  get #db(): Database {
    return this.#context.store.db
  }

  async trigger(recipients: string[], onConflict: 'join' | 'replace' | 'keep'): Promise<AnsweredTrigger> {
    const given = triggerRequest.parse({
      recipients,
      cancelation_key: this.key,
      settings: { on_conflict: onConflict },
    })
    const began = this.#turn()
    const accept = prepareTrigger(this.#context, this.#context, this.#version, triggerOf(given))
    const { answer, signals } =
      (await accept.inOneStatement(null)) ?? (await transaction(this.#db, accept.inTransaction))
    const span = { began, ended: this.#turn() }
    const rows = signals.flatMap((signal) =>
      signal.kind === 'trigger' ? signal.message.sleepers.flatMap((group) => idsOf(group.rows)) : [],
    )
    const answered = { ...span, answer, rows, recipients }
    this.triggers.push(answered)
    if (answer.replaced !== undefined) this.verdicts.push({ ...span, verdict: answer.replaced, named: null })
    for (let i = 0; i < rows.length;) {
      const chunk = rows.slice(i, (i += 1 + (this.#dice() % 25)))
      this.#workers.push(this.#work(chunk))
    }
    return answered
  }

  async cancel(named: string[] | null): Promise<void> {
    const began = this.#turn()
    const address = addressOf(this.#version.definition.key, this.key)
    const { answer } = await transaction(this.#db, (tx) =>
      cancelInTransaction(tx, this.#context, this.#context, address, { recipients: named }),
    )
    this.verdicts.push({ began, ended: this.#turn(), verdict: answer, named })
  }

  /** Moves whoever sleeps there to an instant before or after their own: a hand-out at the revision before is refused. */
  async move(named: string[] | null): Promise<void> {
    const { definition: workflow, workflowId } = addressOf(this.#version.definition.key, this.key)
    const began = this.#turn()
    const now = Date.now()
    const to = this.#dice() < 30 ? 'sent_now' : 'rescheduled'
    const due = to === 'sent_now' ? now : now + NEAR_MS - (this.#dice() % (2 * NEAR_MS))
    const which = { workflowId, recipients: named, workflowRunIds: null }
    const { answer, signal } = await transaction(this.#db, (tx) =>
      moveIn(tx, { workflow, cancelationKey: this.key }, { ...which, to, due, now }),
    )
    const groups = signal?.groups ?? []
    const revisions = new Map(groups.flatMap(({ rows, revision }) => idsOf(rows).map((id) => [id, revision] as const)))
    this.moves.push({ began, ended: this.#turn(), answer, to, due, named, revisions })
  }

  /** Resolves when nobody is pending any more. */
  async over(): Promise<void> {
    for (let done = 0; done < this.#workers.length;) {
      const now = this.#workers.slice(done)
      await Promise.all(now)
      done += now.length
    }
  }

  #turn(): number {
    return (this.#turns += 1)
  }

  async #work(ids: number[]): Promise<void> {
    for (;;) {
      const rows = (await loadRows(this.#db, ids)).filter(({ status }) => status === 'waiting')
      if (rows.length === 0) return
      const now = Date.now()
      const due = rows.filter((row) => row.due <= now)
      if (due.length === 0) await wait(LOOK_MS)
      else if (this.#dice() < 40) await this.#sendAtOnce(due)
      else await this.#sendClaimed(due)
    }
  }

  #took({ id, step, revision }: DeliveryRow, began: number, at: number): void {
    this.takes.push({ began, ended: this.#turn(), row: id, step, revision, at })
  }

  /** In-app: claim, message and settlement are one. */
  async #sendAtOnce(rows: DeliveryRow[]): Promise<void> {
    const began = this.#turn()
    const settlements = rows.map((row) => this.#delivered(row))
    const at = Date.now()
    const settled = await settle(this.#db, settlements, null, at)
    for (const row of rows) if (settled.has(row.id)) this.#took(row, began, at)
  }

  /** Through a provider: claimed each by itself, settled together, some to be tried again. */
  async #sendClaimed(rows: DeliveryRow[]): Promise<void> {
    const holder = { claim: `worker:${(this.#activities += 1)}`, attempt: 1 }
    const claimed = await Promise.all(
      rows.map(async (row) => {
        const began = this.#turn()
        const at = Date.now()
        const taken = await claim(this.#db, row, newMessage(this.#version, row.step), holder, at)
        if (taken) this.#took(row, began, at)
        return taken ? [row] : []
      }),
    )
    for (let i = this.#dice() % 4; i > 0; i -= 1) await turn()
    const settlements = claimed.flat().map((row) => this.#sent(row))
    const settled = await settle(this.#db, settlements, holder, Date.now())
    assert.equal(settled.size, settlements.length, 'what was claimed is settled')
  }

  #sent(row: DeliveryRow): Settlement {
    const luck = this.#dice()
    if (luck < 45 && row.attempt < 4) return { ...toRetry(this.#version, row), due: this.#soon() }
    const settlement = this.#delivered(row)
    if (luck >= 55) return settlement
    const message = { ...settlement.message!, status: 'undelivered' as const, reason: 'refused' }
    return { ...settlement, sent: 0, errors: 1, reason: 'refused', message }
  }

  /** The next step is due at once, or after the delay before it. */
  #delivered(row: DeliveryRow): Settlement {
    const settlement = delivered(this.#version, row)
    const sleeps = this.#version.definition.steps[settlement.step - 1]?.type === 'delay'
    return { ...settlement, due: sleeps ? this.#soon() : Date.now() }
  }

  #soon(): number {
    return Date.now() + (this.#dice() % NEAR_MS)
  }
}
