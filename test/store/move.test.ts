import { eq, inArray } from 'drizzle-orm'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DefinitionVersion } from '../../definitions/definition.ts'
import { claim } from '../../store/recipient-runs/claims.ts'
import { transaction, type Database } from '../../store/postgres/database.ts'
import { keyOfMessageId } from '../../store/ids/message-id.ts'
import { moveIn, rescheduleOutcomes, sendNowOutcomes, type Move } from '../../store/recipient-runs/move.ts'
import { pendingSignals, recipientRunEvents } from '../../store/schema/index.ts'
import { workflowIdOf } from '../../store/ids/workflow-id.ts'
import { onEachStore } from '../../testing/servers/each-store.ts'
import { accept, claimRow, deliver, holder, newMessage, rowNow } from '../../testing/fixtures/recipient-runs.ts'
import { invite, rowStates, sleeper } from '../../testing/fixtures/row-states.ts'
import { catalogOf } from '../../testing/fixtures/versions.ts'

const DUE = Date.parse('2029-06-01T12:00:00Z')
const NOW = Date.parse('2029-05-01T12:00:00Z')

let keys = 0
const freshKey = () => `key-${(keys += 1)}`

/** Moves as the api does; everyone of the key's generation, unless told otherwise. */
function move(db: Database, { definition }: DefinitionVersion, key: string, given: Partial<Move> = {}) {
  const workflowId = workflowIdOf(definition.key, { cancelationKey: key })
  const wish = { workflowId, recipients: null, workflowRunIds: null, to: 'rescheduled', due: DUE, now: NOW } as const
  return transaction(db, (tx) => moveIn(tx, { workflow: definition.key, cancelationKey: key }, { ...wish, ...given }))
}

type Answer = Awaited<ReturnType<typeof move>>['answer']
const outcomes = ({ recipients }: Answer) => recipients.map(({ id, outcome }) => [id, outcome])

onEachStore(catalogOf(invite, sleeper), (store) => {
  for (const [state, expected] of Object.entries(rowStates)) {
    for (const to of ['rescheduled', 'sent_now'] as const) {
      const outcome = expected.move === 'moved' ? to : expected.move
      test(`a recipient ${state} is ${outcome}, and ${outcome === to ? 'is moved' : 'stays as it was'}`, async () => {
        const db = store()
        const { version = invite } = expected
        for (const recipients of [['ada'], null]) {
          const key = freshKey()
          const { rows, workflowRunId } = await accept(db, version, key, ['ada'], expected.accepted)
          const [id] = rows as [number]
          await expected.bring(db, id, key)
          const before = await rowNow(db, id)
          const { answer, signal } = await move(db, version, key, { to, recipients })
          const all = to === 'rescheduled' ? rescheduleOutcomes : sendNowOutcomes
          const { recipients: entries, summary, ...rest } = answer
          assert.deepEqual(summary, { ...Object.fromEntries(all.map((each) => [each, 0])), [outcome]: 1 })
          assert.deepEqual(rest, {
            workflow: version.definition.key,
            cancelation_key: key,
            status: outcome === to ? 'applied' : 'nothing_pending',
            scheduled_at: '2029-06-01T12:00:00.000Z',
          })
          const [entry] = entries
          assert.deepEqual(
            [entries.length, entry!.id, entry!.outcome, entry!.reason],
            [1, 'ada', outcome, expected.reason],
          )
          const [run] = entry!.runs
          assert.deepEqual(
            [entry!.runs.length, run!.workflow_run_id, run!.outcome, run!.in_flight],
            [1, workflowRunId, outcome, expected.inFlight],
          )
          assert.deepEqual(
            run!.messages.map((each) => keyOfMessageId(each)!.step),
            expected.sent,
          )
          const records = await db.select().from(recipientRunEvents).where(eq(recipientRunEvents.recipientRunId, id))
          const after = await rowNow(db, id)
          if (outcome !== to) {
            assert.deepEqual([after, signal, records], [before, null, []])
            continue
          }
          assert.deepEqual(after, { ...before, due: DUE, revision: before.revision + 1 })
          const { ref: step } = version.definition.steps[before.step]!
          const group = { step, due: DUE, revision: after.revision, rows: [[id, id]], names: ['ada'] }
          assert.deepEqual(signal!.groups, [group])
          const [pending] = await db.select().from(pendingSignals).where(eq(pendingSignals.id, signal!.id))
          assert.deepEqual([pending!.kind, pending!.rows], ['move', [[id, id]]])
          assert.deepEqual(
            records.map(({ event, step, data }) => [event, step, data]),
            [[to, before.step, { scheduled_at: rest.scheduled_at }]],
          )
        }
      })
    }
  }

  test('who is named and in no trigger of the key is not_found, and of an unknown key nobody is moved', async () => {
    const db = store()
    const key = freshKey()
    await accept(db, sleeper, key, ['ada'])
    const { answer, signal } = await move(db, sleeper, key, { recipients: ['bob', 'teams#red'] })
    assert.deepEqual(outcomes(answer), [
      ['bob', 'not_found'],
      [{ collection: 'teams', id: 'red' }, 'not_found'],
    ])
    assert.deepEqual([answer.status, answer.recipients[0]!.runs, signal], ['nothing_pending', [], null])
    const unknown = await move(db, sleeper, 'never used')
    assert.deepEqual([unknown.answer.recipients, unknown.answer.status], [[], 'nothing_pending'])
  })

  test('a recipient of several triggers is moved where they sleep, and their outcome is the first that applies', async () => {
    const db = store()
    const key = freshKey()
    const through = await accept(db, invite, key, ['ada', 'bob'])
    const claimed = await accept(db, invite, key, ['ada'])
    const backoff = await accept(db, invite, key, ['ada'])
    await deliver(db, invite, through.rows[0]!, 3)
    await claimRow(db, invite, claimed.rows[0]!)
    await rowStates['in backoff']!.bring(db, backoff.rows[0]!, key)
    const { answer, signal } = await move(db, invite, key)
    const ada = answer.recipients.find(({ id }) => id === 'ada')!
    assert.equal(ada.outcome, 'rescheduled')
    assert.deepEqual(
      ada.runs.map((run) => [run.workflow_run_id, run.outcome, run.messages.length]),
      [
        [through.workflowRunId, 'already_sent', 3],
        [claimed.workflowRunId, 'not_sleeping', 0],
        [backoff.workflowRunId, 'rescheduled', 0],
      ],
    )
    assert.deepEqual(
      signal!.groups.flatMap(({ rows }) => rows),
      [[backoff.rows[0], backoff.rows[0]]],
    )
  })

  test('a claim at the revision before is refused, and one at the new revision holds', async () => {
    const db = store()
    const key = freshKey()
    const { rows } = await accept(db, invite, key, ['ada'])
    await rowStates['in backoff']!.bring(db, rows[0]!, key)
    const before = await rowNow(db, rows[0]!)
    await move(db, invite, key, { to: 'sent_now', due: NOW })
    const between = await rowNow(db, rows[0]!)
    await move(db, invite, key)
    const now = await rowNow(db, rows[0]!)
    assert.deepEqual([between.revision, now.revision], [before.revision + 1, before.revision + 2])
    const claimAt = (row: typeof now) => claim(db, row, newMessage(invite, row.step), holder(), NOW)
    assert.deepEqual([await claimAt(before), await claimAt(between), await claimAt(now)], [false, false, true])
    const records = await db.select().from(recipientRunEvents).where(inArray(recipientRunEvents.recipientRunId, rows))
    assert.deepEqual(
      records.map(({ event }) => event),
      ['sent_now', 'rescheduled'],
    )
  })
})
