import assert from 'node:assert/strict'
import type { Answer } from '../../store/recipient-runs/answer.ts'
import { rescheduleOutcomes, sendNowOutcomes, type Move, type MoveOutcome } from '../../store/recipient-runs/move.ts'
import { outcomes, type Verdict } from '../../store/recipient-runs/verdict.ts'
import type { Account } from './account.ts'
import { entriesOf } from './answers.ts'
import { expectedCancel, expectedMove, movedOf, type Said } from './expected.ts'
import type { RowSeen } from './record.ts'

/** What a call found and what it left, read under its locks; and whom it named, or null for everyone. */
export interface Looked {
  before: RowSeen[]
  after: RowSeen[]
  named: string[] | null
  order: number
}

/** A verdict says of each row exactly what is to be said of it as it was found, and leaves it so. */
export function holdVerdict(account: Account, verdict: Verdict, { before, after, named, order }: Looked): void {
  const found = new Map(before.map((row) => [row.id, row]))
  const left = new Map(after.map((row) => [row.id, row]))
  const entries = entriesOf(verdict, outcomes, { rows: acceptedOf(account, before), named })
  for (const { row, ...said } of entries) {
    const [then, since] = [found.get(row)!, left.get(row)!]
    const told = JSON.stringify({ then, since, verdict })
    assert.deepEqual(said, expectedCancel(then), told)
    holdCut(said, then, since, told)
    account.tell({ row, ...said }, then, order)
  }
  assert.equal(verdict.status, verdict.summary.canceled > 0 ? 'applied' : 'nothing_pending')
}

/** A cancel by hand has no answer: it leaves the rows it means as a verdict would. `settled` in between is let pass. */
export function holdByHand(account: Account, { before, after, order }: Looked): void {
  const left = new Map(after.map((row) => [row.id, row]))
  for (const then of before) {
    const said = expectedCancel(then)
    holdCut(said, then, left.get(then.id)!, JSON.stringify({ then, since: left.get(then.id) }))
    account.tell({ row: then.id, ...said }, then, order)
  }
}

function holdCut(said: Said<string>, then: RowSeen, since: RowSeen, told: string): void {
  const isOpen = then.status === 'waiting'
  assert.equal(since.status, isOpen ? 'canceled' : then.status, told)
  assert.equal(since.canceling, then.canceling || isOpen, told)
  for (const [i, message] of since.messages.entries()) {
    const was = then.messages[i]!
    const isBack = said.takenBack.includes(message.number)
    const isCutShort = was.status === 'queued' && said.reached.includes(message.number)
    assert.equal(message.status, isBack ? 'not_sent' : isCutShort ? 'delivery_attempted' : was.status, told)
    assert.equal(
      message.canceling,
      isBack || isCutShort || was.canceling || said.inFlight.includes(message.number),
      told,
    )
  }
}

/** A move answers what is to be said of each row as it was found; what sleeps is due then, and nothing else has changed. */
export function holdMove(
  account: Account,
  answer: Answer<MoveOutcome>,
  { to, due, now }: Pick<Move, 'to' | 'due' | 'now'>,
  { before, after, named, order }: Looked,
): void {
  const found = new Map(before.map((row) => [row.id, row]))
  const left = new Map(after.map((row) => [row.id, row]))
  const all: readonly MoveOutcome[] = to === 'sent_now' ? sendNowOutcomes : rescheduleOutcomes
  for (const { row, ...said } of entriesOf(answer, all, { rows: acceptedOf(account, before), named })) {
    const [then, since] = [found.get(row)!, left.get(row)!]
    const told = JSON.stringify({ to, due, then, since, answer })
    assert.deepEqual(said, expectedMove(then, to), told)
    account.holdMoved({ row, outcome: said.outcome })
    const moved = movedOf(then, to)
    const messages = then.messages.map((message) =>
      moved.messages.includes(message.number) ? { ...message, due, revision: message.revision + 1 } : message,
    )
    const walk = moved.walk ? { due, revision: then.revision + 1 } : {}
    assert.deepEqual(since, { ...then, ...walk, messages }, told)
    if (moved.walk) account.movedWalk(row, { order, step: then.step, due, at: now })
    for (const number of moved.messages) account.movedMessage(row, { order, number, due })
  }
}

function acceptedOf(account: Account, rows: RowSeen[]) {
  return new Map(rows.map(({ id }) => [id, account.rows.get(id)!]))
}
