// @ts-nocheck: of the first shape, being rewritten
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { createTakeOut } from '../../activities/cancel-in-store.ts'
import { prepareTrigger } from '../../engine/accept-trigger.ts'
import { addressOf, type RunAddress } from '../../engine/run-address.ts'
import { cancelInTransaction } from '../../engine/cancel.ts'
import type { Context } from '../../api/http/route.ts'
import { triggerOf, triggerRequest } from '../../api/requests/trigger.ts'
import { transaction, type Database } from '../../store/postgres/database.ts'
import { moveIn, type Move } from '../../store/recipient-runs/move.ts'
import { noOutbox } from '../../events/outbox.ts'
import type { PendingSignal } from '../../store/signals/pending-signals.ts'
import { workflowIdOf } from '../../store/ids/workflow-id.ts'
import { idsOf, type Range, type TakeOutInput } from '../../workflows/messages.ts'
import { Account } from './account.ts'
import type { RowSeen } from './row-seen.ts'

/** Each definition has one key, so that commands meet. */
export const keys = ['story', 'letters', 'patience'] as const
export type Home = (typeof keys)[number]
/** Where a command acts: under the key the sequence began with, under the other one, or under none. */
export type Where = 'here' | 'elsewhere' | 'without a key'
export type Conflict = 'join' | 'replace' | 'keep'

/** A trigger as its caller knows it. */
export interface Trigger {
  workflowRunId: string
  address: RunAddress
  rows: number[]
}

export interface CallerOptions {
  context: Context
  home: Home
  /** Takes what is to be told to Temporal. */
  tell: (signals: PendingSignal[]) => Promise<void> | void
  /** Nobody delivers while a call is under way: then what it did is known exactly. */
  isAlone: boolean
  /** Nothing is lost or late. */
  punctual: boolean
}

/** The api's calls on the real store, each held to account. */
export class Caller {
  readonly account: Account
  readonly triggers: Trigger[] = []
  readonly #options: CallerOptions
  /** The triggers that a cancel of a key sees, by workflow id. */
  readonly #generations = new Map<string, Trigger[]>()
  readonly #id = randomUUID()

  constructor(options: CallerOptions) {
    this.#options = options
    this.account = new Account(this.#db, options)
  }

  get #db(): Database {
    return this.#options.context.store.db
  }

  /** Ids of the runs there may be. */
  get workflowIds(): Set<string> {
    return new Set(this.#generations.keys())
  }

  address(where: Where): RunAddress {
    const { home } = this.#options
    const definition = keys.find((key) => (key === home) === (where !== 'elsewhere'))!
    return addressOf(definition, this.#id)
  }

  async trigger(where: Where, recipients: string[], conflict: Conflict): Promise<void> {
    const { context, isAlone, tell } = this.#options
    const { definition, cancelationKey, workflowId } = this.address(where)
    const hasKey = where !== 'without a key'
    const before = hasKey ? (this.#generations.get(workflowId) ?? []) : []
    const pending = (await this.account.seen(before.flatMap(({ rows }) => rows))).some(isPending)
    const version = context.catalog.definitions.get(definition)!
    const given = triggerRequest.parse({
      recipients,
      ...(hasKey && { cancelation_key: cancelationKey }),
      settings: { on_conflict: conflict },
    })
    const acceptedAt = context.now()
    const accept = prepareTrigger(context, context, version, triggerOf(given))
    const { answer, signals } =
      (await accept.inOneStatement(null)) ?? (await transaction(this.#db, accept.inTransaction))
    const { workflow_run_id: workflowRunId, joined = false, kept = false, replaced } = answer
    if (isAlone) assert.equal(joined || kept || replaced !== undefined, pending, 'what is pending, and nothing else')
    if (kept) {
      assert.ok(before.some((trigger) => trigger.workflowRunId === workflowRunId))
      return
    }
    const [accepted] = signals.flatMap((signal) => (signal.kind === 'trigger' ? [signal] : []))
    const rows = accepted!.message.sleepers.flatMap((group) => idsOf(group.rows)).sort((a, b) => a - b)
    assert.equal(rows.length, recipients.length)
    for (const [place, row] of rows.entries()) {
      this.account.accept(row, { recipient: recipients[place]!, definition: version.definition, acceptedAt })
    }
    const keyless = { workflowId: workflowIdOf(definition, { workflowRunId }), definition, cancelationKey: null }
    const trigger = { workflowRunId, address: hasKey ? this.address(where) : keyless, rows }
    this.triggers.push(trigger)
    if (replaced !== undefined) {
      const addressed = before.flatMap((each) => each.rows)
      await this.account.judged(replaced, addressed, null)
    }
    this.#generations.set(trigger.address.workflowId, joined ? [...before, trigger] : [trigger])
    await tell(signals)
  }

  async cancel(where: Where, recipients: string[] | null): Promise<void> {
    const address = this.address(where)
    await this.#cancel(address, { recipients }, this.#generations.get(address.workflowId) ?? [])
  }

  async cancelTrigger({ address, workflowRunId, rows }: Trigger, recipients: string[] | null): Promise<void> {
    await this.#cancel(address, { recipients, workflowRunIds: [workflowRunId] }, [{ address, workflowRunId, rows }])
  }

  /** Cancels one recipient of one trigger. */
  async cancelRow(row: number): Promise<void> {
    const trigger = this.triggers.find(({ rows }) => rows.includes(row))!
    await this.cancelTrigger(trigger, [this.account.rows.get(row)!.recipient])
  }

  async #cancel(
    address: RunAddress,
    wish: { recipients: string[] | null; workflowRunIds?: string[] },
    addressed: Trigger[],
  ): Promise<void> {
    const { context, tell } = this.#options
    const { answer, signals } = await transaction(this.#db, (tx) =>
      cancelInTransaction(tx, context, context, address, wish),
    )
    await this.account.judged(answer, this.#named(addressed, wish.recipients), wish.recipients)
    await tell(signals)
  }

  async move(where: Where, recipients: string[] | null, to: Move['to'], later: number): Promise<void> {
    const { context, tell } = this.#options
    const now = context.now()
    const due = to === 'sent_now' ? now : now + later
    const { workflowId, definition: workflow, cancelationKey } = this.address(where)
    const wish = { workflowId, recipients, workflowRunIds: null, to, due, now }
    const before = await this.account.seen(this.#named(this.#generations.get(workflowId) ?? [], recipients))
    const { answer, signal } = await transaction(this.#db, (tx) => moveIn(tx, { workflow, cancelationKey }, wish))
    await this.account.moveJudged(answer, wish, before, recipients)
    if (signal === null) return
    await tell([{ ...this.address(where), id: signal.id, kind: 'move', groups: signal.groups }])
  }

  /** The activity for a cancel sent by hand. */
  async takeOut(input: TakeOutInput): Promise<{ rows: Range[] }> {
    const { workflowId, request, upTo } = input
    const triggerId = request.workflow_run_id
    const addressed =
      triggerId == null
        ? (this.#generations.get(workflowId) ?? [])
        : this.triggers.filter((each) => each.address.workflowId === workflowId && each.workflowRunId === triggerId)
    const named = this.#named(addressed, request.recipients as string[] | null | undefined)
    const rows = named.filter((row) => row <= upTo)
    const before = await this.account.seen(rows)
    const answer = await createTakeOut({ db: this.#db, outbox: noOutbox })(input)
    const told = idsOf(answer.rows)
    const of = (status: string) => before.filter((row) => row.status === status).map(({ id }) => id)
    const [waiting, canceled] = [of('waiting'), of('canceled')]
    if (this.#options.isAlone)
      assert.deepEqual(
        told,
        [...waiting, ...canceled].sort((a, b) => a - b),
      )
    const byHand = (await this.account.seen(told)).filter(({ by }) => by === 'temporal').map(({ id }) => id)
    await this.account.takenOut(
      byHand.filter((row) => !canceled.includes(row)),
      rows.filter((row) => !waiting.includes(row) || !this.#options.isAlone),
    )
    return answer
  }

  #named(triggers: Trigger[], recipients: string[] | null | undefined): number[] {
    const rows = triggers.flatMap((trigger) => trigger.rows)
    return recipients == null ? rows : rows.filter((row) => recipients.includes(this.account.rows.get(row)!.recipient))
  }
}

function isPending({ status, canceling }: RowSeen): boolean {
  return status === 'waiting' || (status === 'claimed' && !canceling)
}
