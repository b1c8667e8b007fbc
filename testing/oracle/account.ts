import { sql } from 'drizzle-orm'
import assert from 'node:assert/strict'
import type { Outgoing } from '../../channels/sender.ts'
import { keyOfMessageId } from '../../store/ids/message-id.ts'
import { query, type Database } from '../../store/postgres/database.ts'
import type { Outcome } from '../../store/recipient-runs/verdict.ts'
import type { Accepted, Entry } from './answers.ts'
import { holdWalk, type WalkMove } from './instants.ts'
import type { ProviderAnswer } from './provider.ts'
import { loadSeen, type RowSeen } from './record.ts'
import { FINAL, holdTold, toldOf, type Told } from './told.ts'
import { holdTries, type MessageMove, type Try } from './tries.ts'

/** Everything that was accepted, sent and answered, in one order, and whether it holds together. */
export class Account {
  readonly rows = new Map<number, Accepted>()
  readonly #db: Database
  /** Nothing is lost or late: what is due goes out at its instant. */
  readonly #punctual: boolean
  readonly #tries: Try[] = []
  readonly #told = new Map<number, Told>()
  readonly #walkMoves = new Map<number, WalkMove[]>()
  readonly #messageMoves = new Map<number, MessageMove[]>()
  #order = 0

  constructor(db: Database, { punctual }: { punctual: boolean }) {
    this.#db = db
    this.#punctual = punctual
  }

  /** The next place in the one order of all that happens. */
  next(): number {
    return (this.#order += 1)
  }

  accept(row: number, accepted: Accepted): void {
    this.rows.set(row, accepted)
  }

  seen(rows: readonly number[], db = this.#db): Promise<RowSeen[]> {
    return loadSeen(db, rows)
  }

  /** A message is handed over to its provider. What the store says of it stays as it is while its claim holds. */
  async sends(
    { messageId }: Pick<Outgoing<unknown>, 'messageId'>,
    owner: string,
    at: number,
    answer: ProviderAnswer,
  ): Promise<Try> {
    const order = this.next()
    const { recipientRunId: row, number } = keyOfMessageId(messageId)!
    const [found] = await query<{ attempt: number; revision: number; leaseUntil: number }>(
      this.#db,
      sql`select attempt, revision, (extract(epoch from lease_until) * 1000)::float8 as "leaseUntil" from messages
          where recipient_run_id = ${row} and number = ${number} and claim = ${owner} and status = 'queued'`,
    )
    assert.ok(found !== undefined, `${messageId} is sent by a process that has not claimed it`)
    const begun = { order, row, number, messageId, at, owner, ...found, answer, endedAt: null, died: false }
    this.#tries.push(begun)
    return begun
  }

  /** What a cancel said of a row that was found so. Only the first such answer decides. */
  tell(said: Entry<Outcome>, found: RowSeen, order: number): void {
    const told = JSON.stringify({ said, found })
    const before = this.#told.get(said.row)
    if (before !== undefined) {
      const isOver = before.outcome === 'already_sent' || before.outcome === 'ended'
      assert.equal(said.outcome, isOver ? before.outcome : 'already_canceled', `"${before.outcome}" before: ${told}`)
    } else {
      assert.ok(FINAL.includes(said.outcome), `"${said.outcome}", and nobody canceled it: ${told}`)
      this.#told.set(said.row, toldOf(said, found, order))
    }
  }

  /** Whether a move may say so after what cancels have said. */
  holdMoved({ row, outcome }: { row: number; outcome: string }): void {
    const before = this.#told.get(row)?.outcome
    const isCut = before === 'canceled' || before === 'sending'
    if (isCut || outcome === 'already_canceled')
      assert.ok(isCut && outcome === 'already_canceled', `${before}, ${outcome}`)
    else if (before !== undefined) assert.equal(outcome, before)
  }

  movedWalk(row: number, move: WalkMove): void {
    this.#walkMoves.set(row, [...(this.#walkMoves.get(row) ?? []), move])
  }

  movedMessage(row: number, move: MessageMove): void {
    this.#messageMoves.set(row, [...(this.#messageMoves.get(row) ?? []), move])
  }

  /** Held once nothing is under way any more. */
  async hold(): Promise<void> {
    const rows = await this.seen([...this.rows.keys()])
    assert.equal(rows.length, this.rows.size)
    for (const row of rows) {
      const accepted = this.rows.get(row.id)!
      const told = this.#told.get(row.id)
      const tries = this.#tries.filter((each) => each.row === row.id).sort((a, b) => a.order - b.order)
      const moves = this.#walkMoves.get(row.id) ?? []
      const messageMoves = this.#messageMoves.get(row.id) ?? []
      const all = JSON.stringify({ accepted: accepted.acceptedAt, row, told, tries, moves, messageMoves })
      const isMarked = row.canceling || row.messages.some(({ canceling }) => canceling)
      assert.equal(isMarked, told?.outcome === 'canceled' || told?.outcome === 'sending', `who was told so: ${all}`)
      assert.ok(row.status === 'ended' || (row.status === 'canceled' && isMarked), `still pending: ${all}`)
      holdWalk(accepted, row, moves, this.#punctual, all)
      for (const message of row.messages) {
        const ofMessage = ({ number }: { number: number }) => number === message.number
        holdTries(message, tries.filter(ofMessage), messageMoves.filter(ofMessage), all)
      }
      if (told !== undefined) holdTold(told, row, tries, all)
    }
  }
}
