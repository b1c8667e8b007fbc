// @ts-nocheck: of the first shape, being rewritten
import { eq } from 'drizzle-orm'
import assert from 'node:assert/strict'
import { lastSendOf, type DefinitionVersion } from '../../definitions/definition.ts'
import type { Database } from '../../store/postgres/database.ts'
import { keyOfMessageId } from '../../store/ids/message-id.ts'
import { rowOfUuid } from '../../store/ids/row-id.ts'
import { pendingSignals } from '../../store/schema/index.ts'
import { idsOf } from '../../workflows/messages.ts'
import type { AnsweredMove, Race, Take } from './race.ts'

/** What a cancel said of a row. */
interface Cancel {
  row: number
  outcome: string
  began: number
  ended: number
}

interface OfRow {
  takes: Take[]
  cancels: Cancel[]
  /** Steps of which a message reached them in the end. */
  sent: number[]
}

type Entry = AnsweredMove['answer']['recipients'][number]['runs'][number]
const entriesOf = ({ answer }: AnsweredMove) => answer.recipients.flatMap(({ runs }) => runs)
const said = (cancels: Cancel[], ...outcomes: string[]) => cancels.some(({ outcome }) => outcomes.includes(outcome))

function byRow<Item extends { row: number }>(items: readonly Item[]): Map<number, Item[]> {
  const found = new Map<number, Item[]>()
  for (const item of items) found.set(item.row, [...(found.get(item.row) ?? []), item])
  return found
}

/** Every answer to a move is held against the takes, the verdicts, and what was sent in the end. */
export async function holdMoves(
  db: Database,
  race: Race,
  version: DefinitionVersion,
  sentTo: (row: number) => number[],
): Promise<void> {
  const takes = byRow(race.takes)
  const judged = race.verdicts.flatMap(({ verdict, began, ended }) =>
    verdict.recipients
      .flatMap(({ runs }) => runs)
      .map((run) => ({ row: rowOfUuid(run.workflow_recipient_run_id)!, outcome: run.outcome, began, ended })),
  )
  const cancels = byRow(judged)
  for (const move of race.moves) {
    for (const entry of entriesOf(move)) {
      const row = rowOfUuid(entry.workflow_recipient_run_id)!
      const ofRow = { takes: takes.get(row) ?? [], cancels: cancels.get(row) ?? [], sent: sentTo(row) }
      holdMove(move, { row, entry }, version, ofRow)
    }
    const moved = entriesOf(move).filter(({ outcome }) => outcome === move.to)
    assert.equal(moved.length, move.revisions.size)
  }
  // The run is told of each row moved, as often as it was.
  const signals = await db.select().from(pendingSignals).where(eq(pendingSignals.kind, 'move'))
  const moved = race.moves.flatMap(({ revisions }) => [...revisions.keys()])
  const known = new Set(moved)
  const told = signals.flatMap((signal) => idsOf(signal.rows!)).filter((row) => known.has(row))
  assert.deepEqual(told.sort(), moved.sort())
}

function holdMove(
  move: AnsweredMove,
  { row, entry }: { row: number; entry: Entry },
  { definition }: DefinitionVersion,
  { takes, cancels, sent }: OfRow,
): void {
  const { outcome, in_flight: inFlight } = entry
  const { began, ended, to, due, revisions } = move
  const listed = entry.messages.map((id) => keyOfMessageId(id)!.step)
  const told = JSON.stringify({ entry, began, ended, to, due, revision: revisions.get(row), takes, cancels, sent })
  const holds = (condition: boolean) => assert.ok(condition, told)
  const before = cancels.filter((cancel) => cancel.ended < began)
  const isOver = !takes.some((take) => take.began > ended)
  const last = lastSendOf(definition)

  holds(listed.every((step) => sent.includes(step)))
  switch (outcome) {
    case 'rescheduled':
    case 'sent_now': {
      const revision = revisions.get(row)!
      holds(before.length === 0)
      // Once, at one of the two instants: nobody took it at the old one, and nobody before the new one.
      holds(!takes.some((take) => take.revision === revision - 1))
      holds(takes.every((take) => take.revision !== revision || take.at >= due))
      break
    }
    case 'not_sleeping':
      holds(before.length === 0)
      holds(takes.some((take) => take.ended > began) || said(cancels, 'canceled'))
      break
    case 'sending':
      holds(inFlight === definition.steps[last]!.ref)
      holds(takes.some((take) => take.step === last && take.began < ended))
      holds(!said(before, 'canceled', 'already_sent', 'ended', 'already_canceled'))
      break
    case 'already_sent':
      holds(isOver && listed.length > 0 && !said(cancels, 'canceled'))
      assert.deepEqual(listed, sent, told)
      break
    case 'ended':
      holds(isOver && sent.length === 0 && !said(cancels, 'canceled'))
      break
    case 'already_canceled': {
      const until = cancels.filter((cancel) => cancel.began < ended)
      holds(isOver && said(until, 'canceled', 'sending'))
      if (inFlight === null) assert.deepEqual(listed, sent, told)
      break
    }
    case 'not_found':
      holds(false)
  }
}
