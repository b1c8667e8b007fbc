import assert from 'node:assert/strict'
import { sql } from 'drizzle-orm'
import { beforeEach, test } from 'node:test'
import { cancelIn } from '../../store/recipient-runs/cancel.ts'
import { query, transaction, type Database } from '../../store/postgres/database.ts'
import { settleMessages } from '../../store/messages/settle-messages.ts'
import { settleWalks } from '../../store/recipient-runs/settle-walks.ts'
import { noOutbox, recordEvents, type Outbox } from '../../events/outbox.ts'
import { loadDueEvents, markDeliveries } from '../../store/webhook-events/webhook-events.ts'
import { workflowIdOf } from '../../store/ids/workflow-id.ts'
import { readSettings } from '../../settings/settings.ts'
import { onEachStore } from '../../testing/servers/each-store.ts'
import {
  accept,
  claimMessage,
  messageNow,
  rowNow,
  sent,
  toRetry,
  walk,
  walked,
} from '../../testing/fixtures/recipient-runs.ts'
import { catalogOf, testVersion } from '../../testing/fixtures/versions.ts'

const version = testVersion('story', ['mail', 'wait', 'feed'])
const single = testVersion('single', ['mail'])

const [all, few] = readSettings({
  BELAY_WEBHOOKS: JSON.stringify([
    { url: 'http://all.example' },
    { url: 'http://few.example', events: ['workflow_recipient_run.cancelled'] },
  ]),
}).BELAY_WEBHOOKS as [Outbox['endpoints'][number], Outbox['endpoints'][number]]

let woken: string[][] = []
const outbox: Outbox = { endpoints: [all, few], wake: (keys) => woken.push([...keys]) }

const told = async (db: Database, endpoint = all) =>
  (await loadDueEvents(db, endpoint.key, 1_000)).map(({ type, recipientRunId, data }) => ({
    type,
    recipientRunId,
    data,
  }))

/** One event, due now, as a delivery loads it. */
async function dueEvent(db: Database) {
  await transaction(db, (tx) =>
    recordEvents(tx, { ...outbox, endpoints: [all] }, Date.now() - 60_000, () => [
      { type: 'workflow_recipient_run.started', recipientRunId: 1 },
    ]),
  )
  const [event] = await loadDueEvents(db, all.key, 10)
  return event!
}

const marksOf = (db: Database) =>
  query<{ attempt: number; reason: string | null; givenUp: boolean; isDue: boolean }>(
    db,
    sql`select attempt, reason, given_up_at is not null as "givenUp", due <= now() as "isDue" from webhook_events`,
  )

const cancel = (db: Database, key: string, given: { reason?: string; apiKey?: string } = {}, workflow = 'story') =>
  transaction(db, (tx) =>
    cancelIn(
      tx,
      { workflow, cancelationKey: key },
      {
        workflowId: workflowIdOf(workflow, { cancelationKey: key }),
        recipients: null,
        workflowRunIds: null,
        archiveSent: false,
        apiKey: given.apiKey ?? 'first',
        reason: given.reason ?? null,
        now: Date.now(),
      },
      outbox,
    ),
  )

onEachStore(catalogOf(version, single), (store) => {
  beforeEach(async () => {
    woken = []
    await store().execute(sql`delete from webhook_events`)
  })

  test('without endpoints nothing is written', async () => {
    const db = store()
    const event = { type: 'workflow_recipient_run.started', recipientRunId: 1 } as const
    await transaction(db, (tx) => recordEvents(tx, noOutbox, 0, () => [event]))
    assert.deepEqual(await query(db, sql`select 1 from webhook_events`), [])
  })

  test('an event is there only if what it tells is committed, and only then is its endpoint woken', async () => {
    const db = store()
    const event = { type: 'workflow_recipient_run.started', recipientRunId: 1 } as const
    const failed = transaction(db, async (tx) => {
      await recordEvents(tx, outbox, 0, () => [event])
      throw new Error('rolled back')
    })
    await assert.rejects(failed, /rolled back/)
    assert.deepEqual(await told(db), [])
    assert.deepEqual(woken, [])
    await transaction(db, async (tx) => {
      await recordEvents(tx, outbox, 0, () => [event])
      assert.deepEqual(woken, [])
    })
    assert.deepEqual(await told(db), [{ ...event, data: null }])
    assert.deepEqual(woken, [[all.key]])
  })

  test('each endpoint gets what it wants, and an event has one id for all of them', async () => {
    const db = store()
    await transaction(db, (tx) =>
      recordEvents(tx, outbox, 0, () => [
        { type: 'workflow_recipient_run.started', recipientRunId: 1 },
        { type: 'workflow_recipient_run.cancelled', recipientRunId: 1 },
      ]),
    )
    const forAll = await loadDueEvents(db, all.key, 10)
    const forFew = await loadDueEvents(db, few.key, 10)
    assert.deepEqual([forAll.length, forFew.length], [2, 1])
    assert.equal(forFew[0]!.eventId, forAll[1]!.eventId)
    assert.notEqual(forAll[0]!.eventId, forAll[1]!.eventId)
  })

  test('of many cancels of sleepers the first is told, once each, with who and why', async () => {
    const db = store()
    const { rows } = await accept(db, version, 'slept', ['ada', 'bob'])
    await cancel(db, 'slept', { apiKey: 'one', reason: 'withdrawn' })
    await Promise.all([cancel(db, 'slept', { apiKey: 'two' }), cancel(db, 'slept', { apiKey: 'three' })])
    const data = { api_key: 'one', reason: 'withdrawn' }
    const cancelled = { type: 'workflow_recipient_run.cancelled', data }
    assert.deepEqual(
      await told(db),
      rows.map((recipientRunId) => ({ ...cancelled, recipientRunId })),
    )
    assert.equal((await told(db, few)).length, 2)
  })

  test('a message taken back is told by itself, before the cancel of its recipient run', async () => {
    const db = store()
    const { rows } = await accept(db, version, 'taken back', ['ada'])
    const [id] = rows as [number]
    await walk(db, version, id)
    await cancel(db, 'taken back', { reason: 'withdrawn' })
    assert.deepEqual(await told(db), [
      { type: 'message.not_sent', recipientRunId: id, data: { failure_reason: 'canceled' } },
      { type: 'workflow_recipient_run.cancelled', recipientRunId: id, data: { api_key: 'first', reason: 'withdrawn' } },
    ])
  })

  test('what was being sent when its cancel came is told of once that is through, however it went', async () => {
    const db = store()
    for (const [key, outcome, type] of [
      ['went out', sent, 'message.sent'],
      ['to be tried again', toRetry(9_000), 'message.not_sent'],
      ['refused', { kind: 'undelivered', reason: 'no such mailbox' }, 'message.undelivered'],
    ] as const) {
      const { rows } = await accept(db, version, key, ['ada'])
      const [id] = rows as [number]
      await walk(db, version, id)
      await claimMessage(db, id, 0)
      await cancel(db, key, { reason: key })
      await cancel(db, key, { reason: 'again' })
      const types = async () => (await told(db)).map((event) => event.type)
      assert.deepEqual(await types(), ['workflow_recipient_run.cancelled'])
      const { revision } = await messageNow(db, id, 0)
      await settleMessages(db, [{ recipientRunId: id, number: 0, revision, outcome }], 'worker-1', 0, outbox)
      assert.deepEqual((await types()).sort(), [type, 'workflow_recipient_run.cancelled'].sort(), key)
      await db.execute(sql`delete from webhook_events`)
    }
  })

  test('a walk that is over is told as completed, with a message still to be sent, and not as canceled later', async () => {
    const db = store()
    const { rows } = await accept(db, single, 'late', ['ada'])
    const [id] = rows as [number]
    await settleWalks(db, [walked(single, await rowNow(db, id))], 0, outbox)
    assert.deepEqual(
      (await told(db)).map(({ type }) => type),
      ['workflow_recipient_run.completed'],
    )
    await db.execute(sql`delete from webhook_events`)
    await cancel(db, 'late', {}, 'single')
    assert.deepEqual(
      (await told(db)).map(({ type }) => type),
      ['message.not_sent'],
    )
  })

  test('a failed try, the end of a message that failed for good, and a walk that failed are told apart', async () => {
    const db = store()
    const { rows } = await accept(db, single, 'failing', ['ada', 'bob'])
    const [id, other] = rows as [number, number]
    await walk(db, single, id)
    for (const outcome of [toRetry(9_000), { kind: 'undelivered', reason: 'refused' }] as const) {
      await claimMessage(db, id, 0)
      const { revision } = await messageNow(db, id, 0)
      await settleMessages(db, [{ recipientRunId: id, number: 0, revision, outcome }], 'worker-1', 0, outbox)
    }
    const failed = walked(single, await rowNow(db, other), { messages: [], errors: 1, reason: 'bad template' })
    await settleWalks(db, [failed], 0, outbox)
    const events = (await told(db)).sort((a, b) => (a.type < b.type ? -1 : 1))
    assert.deepEqual(events, [
      {
        type: 'message.delivery_attempted',
        recipientRunId: id,
        data: { attempt: 1, retryable: true, failure_reason: 'busy' },
      },
      { type: 'message.undelivered', recipientRunId: id, data: { failure_reason: 'refused' } },
      { type: 'workflow_recipient_run.error', recipientRunId: other, data: null },
    ])
  })

  test('a failure that is offered again, since its answer was lost, counts once', async () => {
    const db = store()
    const { id, attempt } = await dueEvent(db)
    const failure = { id, attempt, reason: 'answered 503', waitSeconds: 15 }
    const once = [{ attempt: 1, reason: 'answered 503', givenUp: false, isDue: false }]
    await markDeliveries(db, [], [failure])
    assert.deepEqual(await marksOf(db), once)
    await markDeliveries(db, [], [failure])
    assert.deepEqual(await marksOf(db), once)
  })

  test('of two deliveries that failed at the same attempt one counts, with its own reason and wait', async () => {
    const db = store()
    const { id, attempt } = await dueEvent(db)
    await Promise.all([
      markDeliveries(db, [], [{ id, attempt, reason: 'answered 503', waitSeconds: 15 }]),
      markDeliveries(db, [], [{ id, attempt, reason: 'answered 410', waitSeconds: null }]),
    ])
    const [first] = await marksOf(db)
    const isFinal = first!.reason === 'answered 410'
    assert.deepEqual(first, { attempt: 1, reason: first!.reason, givenUp: isFinal, isDue: isFinal })
  })

  test('what has come due again stays due when the failure before comes late', async () => {
    const db = store()
    const { id, attempt } = await dueEvent(db)
    const due = [{ attempt: 1, reason: 'answered 503', givenUp: false, isDue: true }]
    await markDeliveries(db, [], [{ id, attempt, reason: 'answered 503', waitSeconds: 0 }])
    assert.deepEqual(await marksOf(db), due)
    await markDeliveries(db, [], [{ id, attempt, reason: 'no answer', waitSeconds: 900 }])
    assert.deepEqual(await marksOf(db), due)
  })

  test('what was given up stays so when an earlier failure comes late', async () => {
    const db = store()
    const { id } = await dueEvent(db)
    await db.execute(sql`update webhook_events set attempt = 7`)
    const ended = [{ attempt: 8, reason: 'answered 404', givenUp: true, isDue: true }]
    await markDeliveries(db, [], [{ id, attempt: 7, reason: 'answered 404', waitSeconds: null }])
    assert.deepEqual(await marksOf(db), ended)
    await markDeliveries(db, [], [{ id, attempt: 6, reason: 'answered 503', waitSeconds: 900 }])
    assert.deepEqual(await marksOf(db), ended)
  })

  test('what was delivered is gone, whether a failure of the same attempt came before, at once or after', async () => {
    const db = store()
    for (const waitSeconds of [0, null]) {
      const { id, attempt } = await dueEvent(db)
      const failure = { id, attempt, reason: 'answered 503', waitSeconds }
      await markDeliveries(db, [], [failure])
      await markDeliveries(db, [id], [])
      assert.deepEqual(await marksOf(db), [])
      await markDeliveries(db, [], [failure])
      assert.deepEqual(await marksOf(db), [])
      const beside = await dueEvent(db)
      await Promise.all([
        markDeliveries(db, [], [{ ...failure, id: beside.id }]),
        markDeliveries(db, [beside.id], []),
        markDeliveries(db, [], [{ ...failure, id: beside.id }]),
      ])
      assert.deepEqual(await marksOf(db), [])
    }
  })
})
