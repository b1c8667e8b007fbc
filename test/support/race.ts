import assert from 'node:assert/strict'
import { setImmediate as turn } from 'node:timers/promises'
import { acceptTrigger, type TriggerAnswer } from '../../api/accept-trigger.ts'
import { addressOf, cancelPending } from '../../api/cancel-pending.ts'
import type { Context } from '../../api/route.ts'
import { triggerRequest } from '../../api/schemas/trigger.ts'
import type { DefinitionVersion } from '../../definitions/definition.ts'
import { transaction, type Database } from '../../store/database.ts'
import { claim } from '../../store/claims.ts'
import { loadRows, type DeliveryRow } from '../../store/deliveries.ts'
import { settle, type Settlement } from '../../store/settle.ts'
import { moveIn } from '../../store/move.ts'
import type { Verdict } from '../../store/verdict.ts'
import { idsOf } from '../../workflows/messages.ts'
import { delivered, newMessage, toRetry } from './recipient-runs.ts'

/** When a call began and ended, in turns of one counter. */
interface Span {
  began: number
  ended: number
}

export type JudgedVerdict = Span & { verdict: Verdict; named: string[] | null }
export type AnsweredTrigger = Span & { answer: TriggerAnswer; rows: number[]; recipients: string[] }
/** A row taken for a send: a claim, or a claim and settlement in one. */
export type Take = Span & { row: number; step: number }

/**
 * One key of one definition, with workers that carry its recipient runs on as fast as they can, while triggers and
 * cancels come. It writes down what everybody was told.
 */
export class Race {
  readonly verdicts: JudgedVerdict[] = []
  readonly triggers: AnsweredTrigger[] = []
  readonly takes: Take[] = []
  /** How many sleeps were moved. */
  moved = 0
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
    const request = triggerRequest.parse({
      recipients,
      cancelation_key: this.key,
      settings: { on_conflict: onConflict },
    })
    const began = this.#turn()
    const accept = acceptTrigger(this.#context, this.#version, request)
    const { answer, signals } = (await accept.alone(null)) ?? (await transaction(this.#db, accept.within))
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
      cancelPending(tx, this.#context, address, { recipients: named }),
    )
    this.verdicts.push({ began, ended: this.#turn(), verdict: answer, named })
  }

  /** Moves whoever sleeps there: a hand-out at the revision before is refused. */
  async move(named: string[]): Promise<void> {
    const { definition: workflow, workflowId } = addressOf(this.#version.definition.key, this.key)
    const now = Date.now()
    const which = { workflowId, recipients: named, workflowRunIds: null }
    const { answer } = await transaction(this.#db, (tx) =>
      moveIn(tx, { workflow, cancelationKey: this.key }, { ...which, to: 'rescheduled', due: now, now }),
    )
    this.moved += answer.summary['rescheduled' as keyof typeof answer.summary]
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
      if (this.#dice() < 40) await this.#sendAtOnce(rows)
      else await this.#sendClaimed(rows)
    }
  }

  /** In-app: claim, message and settlement are one. */
  async #sendAtOnce(rows: DeliveryRow[]): Promise<void> {
    const began = this.#turn()
    const settlements = rows.map((row) => delivered(this.#version, row))
    const settled = await settle(this.#db, settlements, null, Date.now())
    const ended = this.#turn()
    for (const row of rows) if (settled.has(row.id)) this.takes.push({ began, ended, row: row.id, step: row.step })
  }

  /** Through a provider: claimed each by itself, settled together, some to be tried again. */
  async #sendClaimed(rows: DeliveryRow[]): Promise<void> {
    const holder = { claim: `worker:${(this.#activities += 1)}`, attempt: 1 }
    const claimed = await Promise.all(
      rows.map(async (row) => {
        const began = this.#turn()
        const taken = await claim(this.#db, row, newMessage(this.#version, row.step), holder, Date.now())
        if (taken) this.takes.push({ began, ended: this.#turn(), row: row.id, step: row.step })
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
    if (luck < 45 && row.attempt < 4) return toRetry(this.#version, row)
    const settlement = delivered(this.#version, row)
    if (luck >= 55) return settlement
    const message = { ...settlement.message!, status: 'undelivered' as const, reason: 'refused' }
    return { ...settlement, sent: 0, errors: 1, reason: 'refused', message }
  }
}
