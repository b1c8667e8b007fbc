import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import type { Context } from '../../api/http/route.ts'
import { triggerOf, triggerRequest } from '../../api/requests/trigger.ts'
import { prepareTrigger, type TriggerAnswer } from '../../engine/accept-trigger.ts'
import { cancelInTransaction } from '../../engine/cancel.ts'
import type { Done } from '../../engine/run-idempotent.ts'
import { addressOf, type RunAddress } from '../../engine/run-address.ts'
import { workflowIdOf } from '../../store/ids/workflow-id.ts'
import { transaction, type Database } from '../../store/postgres/database.ts'
import { StoreError } from '../../store/postgres/store-error.ts'
import { lockRecipientRuns, type Which } from '../../store/recipient-runs/lock-recipient-runs.ts'
import { moveIn, type Move } from '../../store/recipient-runs/move.ts'
import type { PendingSignal } from '../../store/signals/pending-signals.ts'
import { RUN_LANE } from '../../workflows/lane-name.ts'
import { idsOf } from '../../workflows/ranges.ts'
import type { CancelInput } from '../../workflows/run-activities.ts'
import { Account } from './account.ts'
import { isPending } from './expected.ts'
import { holdByHand, holdMove, holdVerdict, type Looked } from './judged.ts'

/** Of ten seconds each. */
const TRIES = 12

/** Each definition has one key, so that commands meet. */
export const keys = ['story', 'letters', 'patience', 'mixed'] as const
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
  /** Nothing is lost or late. */
  punctual: boolean
}

/** The api's calls on the real store, each held to what the store says under the call's own locks. */
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
    const home = keys.indexOf(this.#options.home)
    return addressOf(keys[where === 'elsewhere' ? (home + 1) % keys.length : home]!, this.#id)
  }

  async trigger(where: Where, recipients: string[], conflict: Conflict): Promise<void> {
    const { context, tell } = this.#options
    const { definition, cancelationKey, workflowId } = this.address(where)
    const hasKey = where !== 'without a key'
    const version = context.catalog.definitions.get(definition)!
    const given = triggerRequest.parse({
      recipients,
      ...(hasKey && { cancelation_key: cancelationKey }),
      settings: { on_conflict: conflict },
    })
    const acceptedAt = context.now()
    const accept = prepareTrigger(context, context, version, triggerOf(given))
    const keep = ({ answer, signals }: Done<TriggerAnswer>) => {
      const rows = signals
        .flatMap((signal) => (signal.kind === 'trigger' ? signal.message.sleepers : []))
        .flatMap(({ lane, rows: ranges }) => (lane === RUN_LANE ? idsOf(ranges) : []))
        .sort((a, b) => a - b)
      assert.equal(rows.length, recipients.length)
      for (const [place, row] of rows.entries()) {
        this.account.accept(row, { recipient: recipients[place]!, definition: version.definition, acceptedAt })
      }
      const { workflow_run_id: workflowRunId, joined = false } = answer
      const keyless = { workflowId: workflowIdOf(definition, { workflowRunId }), definition, cancelationKey: null }
      const trigger = { workflowRunId, address: hasKey ? this.address(where) : keyless, rows }
      this.triggers.push(trigger)
      const before = joined ? this.#meant(workflowId, null) : []
      this.#generations.set(trigger.address.workflowId, [...before, trigger])
    }
    const alone = await accept.inOneStatement(null)
    if (alone !== null) {
      if (hasKey) assert.deepEqual(this.#meant(workflowId, null), [], 'there was something under the key')
      keep(alone)
      await tell(alone.signals)
      return
    }
    const { signals } = await this.#transaction(async (tx) => {
      const everyone = () => (hasKey ? this.#named(this.#meant(workflowId, null), null) : [])
      const look = await this.#look(tx, { workflowId, recipients: null, workflowRunIds: null }, everyone)
      const accepted = await accept.inTransaction(tx)
      const { workflow_run_id: id, joined = false, kept = false, replaced } = accepted.answer
      const expected = hasKey && look.before.some(isPending) ? conflict : 'new'
      assert.equal(joined ? 'join' : kept ? 'keep' : replaced === undefined ? 'new' : 'replace', expected)
      if (replaced !== undefined) holdVerdict(this.account, replaced, await look.after(null))
      // Under the key's lock: whoever takes it next finds the generation as it is.
      if (kept) assert.ok(this.#meant(workflowId, null).some(({ workflowRunId }) => workflowRunId === id))
      else keep(accepted)
      return accepted
    })
    await tell(signals)
  }

  async cancel(where: Where, recipients: string[] | null): Promise<void> {
    const address = this.address(where)
    await this.#cancel(address, { recipients }, () => this.#meant(address.workflowId, null))
  }

  async cancelTrigger({ address, workflowRunId, rows }: Trigger, recipients: string[] | null): Promise<void> {
    await this.#cancel(address, { recipients, workflowRunIds: [workflowRunId] }, () => [
      { address, workflowRunId, rows },
    ])
  }

  /** Cancels one recipient of one trigger. */
  async cancelRow(row: number): Promise<void> {
    const trigger = this.triggers.find(({ rows }) => rows.includes(row))!
    await this.cancelTrigger(trigger, [this.account.rows.get(row)!.recipient])
  }

  async #cancel(
    address: RunAddress,
    wish: { recipients: string[] | null; workflowRunIds?: string[] },
    addressed: () => Trigger[],
  ): Promise<void> {
    const { context, tell } = this.#options
    const which = { workflowId: address.workflowId, workflowRunIds: null, ...wish }
    const { signals } = await this.#transaction(async (tx) => {
      const look = await this.#look(tx, which, () => this.#named(addressed(), wish.recipients))
      const done = await cancelInTransaction(tx, context, context, address, wish)
      holdVerdict(this.account, done.answer, await look.after(wish.recipients))
      return done
    })
    await tell(signals)
  }

  async move(where: Where, recipients: string[] | null, to: Move['to'], later: number): Promise<void> {
    const { context, tell } = this.#options
    const now = context.now()
    const { workflowId, definition: workflow, cancelationKey } = this.address(where)
    const which = { workflowId, recipients, workflowRunIds: null }
    const wish = { ...which, to, due: to === 'sent_now' ? now : now + later, now }
    const { signal } = await this.#transaction(async (tx) => {
      const look = await this.#look(tx, which, () => this.#named(this.#meant(workflowId, null), recipients))
      const moved = await moveIn(tx, { workflow, cancelationKey }, wish)
      holdMove(this.account, moved.answer, wish, await look.after(recipients))
      return moved
    })
    if (signal === null) return
    await tell([{ ...this.address(where), id: signal.id, kind: 'move', groups: signal.groups }])
  }

  /** The activity for a cancel sent by hand, on the store that `carryOut` is given. */
  async cancelInStore<Result>(
    workflowId: string,
    { request, upTo }: Omit<CancelInput, 'store'>,
    carryOut: (db: Database) => Promise<Result>,
  ): Promise<Result> {
    const { recipients = null, workflow_run_id: triggerId = null } = request
    const which = {
      workflowId,
      recipients: recipients as string[] | null,
      workflowRunIds: triggerId === null ? null : [triggerId],
      upTo,
    }
    let looked: Looked | undefined
    const look = async (tx: Database, work: (tx: Database) => Promise<unknown>) => {
      const rows = () => this.#named(this.#meant(workflowId, triggerId), which.recipients).filter((row) => row <= upTo)
      const found = await this.#look(tx, which, rows)
      const done = await work(tx)
      looked = await found.after(null)
      return done
    }
    const result = await carryOut(withTransactions(this.#db, look))
    if (looked !== undefined) holdByHand(this.account, looked)
    return result
  }

  /** One transaction; where a lock was waited for too long, as on a busy machine, it is asked again, as the api's callers do. */
  async #transaction<Result>(work: (tx: Database) => Promise<Result>): Promise<Result> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await transaction(this.#db, work)
      } catch (error) {
        if (attempt >= TRIES || !(error instanceof StoreError) || error.fault !== 'busy') throw error
      }
    }
  }

  /** Rows of these triggers, of those recipients. */
  #named(triggers: readonly Trigger[], recipients: readonly string[] | null): number[] {
    const rows = triggers.flatMap((trigger) => trigger.rows)
    return recipients === null ? rows : rows.filter((row) => recipients.includes(this.account.rows.get(row)!.recipient))
  }

  /** Triggers a cancel by hand means. */
  #meant(workflowId: string, workflowRunId: string | null): Trigger[] {
    if (workflowRunId === null) return this.#generations.get(workflowId) ?? []
    return this.triggers.filter(
      (each) => each.address.workflowId === workflowId && each.workflowRunId === workflowRunId,
    )
  }

  /** Takes the locks a call is to take, and reads what it will find; then, after it, what it left. */
  async #look(tx: Database, which: Which, meant: () => number[]) {
    await lockRecipientRuns(tx, which)
    const rows = meant()
    const order = this.account.next()
    const before = await this.account.seen(rows, tx)
    const after = async (named: string[] | null): Promise<Looked> => {
      return { before, after: await this.account.seen(rows, tx), named, order }
    }
    return { before, after }
  }
}

/** A store whose transactions are carried out by `around`. */
function withTransactions(
  db: Database,
  around: (tx: Database, work: (tx: Database) => Promise<unknown>) => Promise<unknown>,
): Database {
  return new Proxy(db, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name)
      if (name !== 'transaction') return value
      return (work: (tx: Database) => Promise<unknown>, config?: Parameters<Database['transaction']>[1]) =>
        target.transaction((tx) => around(tx, work), config)
    },
  })
}
