import { eq, inArray } from 'drizzle-orm'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DefinitionVersion } from '../../definitions/definition.ts'
import { claimMessages } from '../../store/messages/claims.ts'
import { transaction, type Database } from '../../store/postgres/database.ts'
import { keyOfMessageId } from '../../store/ids/message-id.ts'
import { moveIn, rescheduleOutcomes, sendNowOutcomes, type Move } from '../../store/recipient-runs/move.ts'
import { pendingSignals, recipientRunEvents, triggers } from '../../store/schema/index.ts'
import { workflowIdOf } from '../../store/ids/workflow-id.ts'
import { onEachStore } from '../../testing/servers/each-store.ts'
import { accept, messageNow, rowNow, sent, toRetry, tryMessage, walk } from '../../testing/fixtures/recipient-runs.ts'
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
          const { rows, workflowRunId } = await accept(db, version, key, ['ada'])
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
          assert.deepEqual([entry!.runs.length, run!.workflow_run_id, run!.outcome], [1, workflowRunId, outcome])
          const numbers = (ids: string[]) => ids.map((each) => keyOfMessageId(each)!.number)
          assert.deepEqual([numbers(run!.messages), numbers(run!.in_flight)], [expected.sent, expected.inFlight])
          const records = await db.select().from(recipientRunEvents).where(eq(recipientRunEvents.recipientRunId, id))
          const after = await rowNow(db, id)
          if (outcome !== to) {
            assert.deepEqual([after, signal, records], [before, null, []])
            continue
          }
          const lanes: string[] = []
          const group = (lane: string, step: string, revision: number) => {
            lanes.push(lane)
            return { lane, step, due: DUE, revision, rows: [[id, id]], names: ['ada'] }
          }
          const groups = []
          if (before.status === 'waiting') {
            assert.deepEqual(after, { ...before, due: DUE, revision: before.revision + 1 })
            groups.push(group('run', version.definition.steps[before.step]!.ref, after.revision))
          } else {
            assert.deepEqual(after, before)
            const moved = await messageNow(db, id, 2)
            assert.equal(moved.due, DUE)
            groups.push(group('email/2', 'mail', moved.revision))
          }
          assert.deepEqual(signal!.groups, groups)
          const [pending] = await db.select().from(pendingSignals).where(eq(pendingSignals.id, signal!.id))
          const rowsOf = lanes.map((lane) => ({ lane, rows: [[id, id]] }))
          assert.deepEqual([pending!.kind, pending!.lanes], ['move', rowsOf])
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
    const ready = await accept(db, invite, key, ['ada'])
    const backoff = await accept(db, invite, key, ['ada'])
    await walk(db, invite, through.rows[0]!, 3)
    await tryMessage(db, through.rows[0]!, 2, sent)
    await rowStates['through, with a message that waits for another try']!.bring(db, backoff.rows[0]!, key)
    const { answer, signal } = await move(db, invite, key)
    const ada = answer.recipients.find(({ id }) => id === 'ada')!
    assert.equal(ada.outcome, 'rescheduled')
    assert.deepEqual(
      ada.runs.map((run) => [run.workflow_run_id, run.outcome, run.messages.length]),
      [
        [through.workflowRunId, 'already_sent', 3],
        [ready.workflowRunId, 'not_sleeping', 0],
        [backoff.workflowRunId, 'rescheduled', 2],
      ],
    )
    assert.deepEqual(
      signal!.groups.flatMap(({ rows }) => rows),
      [[backoff.rows[0], backoff.rows[0]]],
    )
  })

  test('send_now moves the delay and the message that waits for another try, reschedule the delay alone', async () => {
    const db = store()
    for (const to of ['rescheduled', 'sent_now'] as const) {
      const key = freshKey()
      const { rows } = await accept(db, sleeper, key, ['ada'])
      const [id] = rows as [number]
      await rowStates['asleep in a delay that another one follows, with a message still to be sent']!.bring(db, id, key)
      await tryMessage(db, id, 0, toRetry(NOW))
      const { signal } = await move(db, sleeper, key, { to })
      assert.deepEqual(
        signal!.groups.map(({ lane }) => lane),
        to === 'sent_now' ? ['run', 'email/0'] : ['run'],
      )
    }
  })

  test('a claim at the revision before is refused, and one at the new revision holds', async () => {
    const db = store()
    const key = freshKey()
    const { rows } = await accept(db, invite, key, ['ada'])
    const [id] = rows as [number]
    await rowStates['through, with a message that waits for another try']!.bring(db, id, key)
    const before = await messageNow(db, id, 2)
    await move(db, invite, key, { to: 'sent_now', due: NOW })
    const between = await messageNow(db, id, 2)
    await move(db, invite, key)
    const now = await messageNow(db, id, 2)
    assert.deepEqual([between.revision, now.revision], [before.revision + 1, before.revision + 2])
    const claimAt = async (message: typeof now) =>
      (await claimMessages(db, [message], 'worker', { now: NOW, leaseUntil: NOW + 1_000 })).length
    assert.deepEqual([await claimAt(before), await claimAt(between), await claimAt(now)], [0, 0, 1])
    const records = await db.select().from(recipientRunEvents).where(inArray(recipientRunEvents.recipientRunId, rows))
    assert.deepEqual(
      records.map(({ event }) => event),
      ['sent_now', 'rescheduled'],
    )
  })

  test('a move to an earlier instant lowers what its trigger is looked for by', async () => {
    const db = store()
    const key = freshKey()
    const { rows, triggerId } = await accept(db, sleeper, key, ['ada'])
    await rowStates['asleep in a delay']!.bring(db, rows[0]!, key)
    await db
      .update(triggers)
      .set({ nextDue: new Date(DUE) })
      .where(eq(triggers.id, triggerId))
    await move(db, sleeper, key, { due: DUE - 5_000 })
    const [trigger] = await db.select().from(triggers).where(eq(triggers.id, triggerId))
    assert.equal(trigger?.nextDue?.getTime(), DUE - 5_000)
  })
})
