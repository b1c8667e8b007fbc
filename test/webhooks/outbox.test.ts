import assert from 'node:assert/strict'
import { sql } from 'drizzle-orm'
import { beforeEach, test } from 'node:test'
import { cancelIn } from '../../store/recipient-runs/cancel.ts'
import { query, transaction, type Database } from '../../store/postgres/database.ts'
import { settle } from '../../store/recipient-runs/settle.ts'
import { silent, tell, type Outbox } from '../../events/outbox.ts'
import { endRows } from '../../store/runs/runs.ts'
import { loadDueEvents } from '../../store/webhook-events/webhook-events.ts'
import { workflowIdOf } from '../../store/ids/workflow-id.ts'
import { readSettings } from '../../settings/settings.ts'
import { onEachStore } from '../../testing/servers/each-store.ts'
import { accept, claimRow, delivered, holder, rowNow, toRetry } from '../../testing/fixtures/recipient-runs.ts'
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

const cancel = (db: Database, key: string, given: { reason?: string; apiKey?: string } = {}) =>
  transaction(db, (tx) =>
    cancelIn(
      tx,
      { workflow: 'story', cancelationKey: key },
      {
        workflowId: workflowIdOf('story', { cancelationKey: key }),
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
    await transaction(db, (tx) =>
      tell(tx, silent, 0, () => {
        throw new Error('asked for events that nobody wants')
      }),
    )
    assert.deepEqual(await query(db, sql`select 1 from webhook_events`), [])
  })

  test('an event is there only if what it tells is committed, and only then is its endpoint woken', async () => {
    const db = store()
    const event = { type: 'workflow_recipient_run.started', recipientRunId: 1 } as const
    const failed = transaction(db, async (tx) => {
      await tell(tx, outbox, 0, () => [event])
      throw new Error('rolled back')
    })
    await assert.rejects(failed, /rolled back/)
    assert.deepEqual(await told(db), [])
    assert.deepEqual(woken, [])
    await transaction(db, async (tx) => {
      await tell(tx, outbox, 0, () => [event])
      assert.deepEqual(woken, [])
    })
    assert.deepEqual(await told(db), [{ ...event, data: null }])
    assert.deepEqual(woken, [[all.key]])
  })

  test('each endpoint gets what it wants, and an event has one id for all of them', async () => {
    const db = store()
    await transaction(db, (tx) =>
      tell(tx, outbox, 0, () => [
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

  test('what was being sent when its cancel came is told as canceled once that is through, however it went', async () => {
    const db = store()
    const now = Date.now()
    for (const [key, settlement] of [
      ['delivered', delivered],
      ['to be tried again', toRetry],
      // A later step that cannot work ends a recipient run; this one was canceled before.
      [
        'halted',
        (v, row) => delivered(v, row, { status: 'ended', step: row.step, errors: 1, reason: 'no such instant' }),
      ],
    ] as [string, typeof delivered][]) {
      const { rows } = await accept(db, version, key, ['ada'])
      const [id] = rows as [number]
      await claimRow(db, version, id)
      const { verdict } = await cancel(db, key, { reason: key })
      assert.equal(verdict.recipients[0]!.outcome, 'canceled')
      await cancel(db, key, { reason: 'again' })
      assert.deepEqual(await told(db), [])
      const settled = await settle(db, [settlement(version, await rowNow(db, id))], holder(), now, outbox)
      assert.deepEqual(settled.get(id), { canceled: true })
      assert.equal((await rowNow(db, id)).status, 'canceled')
      const events = await told(db)
      assert.deepEqual(
        events.map(({ type }) => type),
        [key === 'to be tried again' ? 'message.undelivered' : 'message.delivered', 'workflow_recipient_run.cancelled'],
        key,
      )
      assert.deepEqual(events[1]!.data, { api_key: 'first', reason: key })
      await db.execute(sql`delete from webhook_events`)
    }
  })

  test('a last step that went out although its cancel had come is told as completed, not as canceled', async () => {
    const db = store()
    const { rows } = await accept(db, single, 'late', ['ada'])
    await claimRow(db, single, rows[0]!)
    await transaction(db, (tx) =>
      cancelIn(
        tx,
        { workflow: 'single', cancelationKey: 'late' },
        {
          workflowId: workflowIdOf('single', { cancelationKey: 'late' }),
          recipients: null,
          workflowRunIds: null,
          archiveSent: false,
          apiKey: 'test',
          reason: null,
          now: 0,
        },
        outbox,
      ),
    )
    await settle(db, [delivered(single, await rowNow(db, rows[0]!))], holder(), 0, outbox)
    assert.deepEqual(
      (await told(db)).map(({ type }) => type),
      ['message.delivered', 'workflow_recipient_run.completed'],
    )
  })

  test('a failed try, the end of a step that failed for good, and the end of its recipient run are told apart', async () => {
    const db = store()
    const { rows } = await accept(db, single, 'failing', ['ada'])
    const [id] = rows as [number]
    const event = { event: 'attempt_failed', status: 'error', step: 0, attempt: 1, data: { reason: 'busy' } } as const
    await settle(db, [{ ...toRetry(single, await rowNow(db, id)), event }], null, 0, outbox)
    const last = delivered(single, await rowNow(db, id), { sent: 0, errors: 1, reason: 'refused' })
    const message = { ...last.message!, status: 'undelivered', reason: 'refused' } as const
    await settle(db, [{ ...last, message }], null, 0, outbox)
    assert.deepEqual(await told(db), [
      {
        type: 'message.delivery_attempted',
        recipientRunId: id,
        data: { attempt: 1, retryable: true, failure_reason: 'busy' },
      },
      { type: 'message.undelivered', recipientRunId: id, data: { failure_reason: 'refused' } },
      { type: 'workflow_recipient_run.error', recipientRunId: id, data: null },
    ])
  })

  test('rows that end with their execution are told as errors, and as canceled what a cancel had taken', async () => {
    const db = store()
    const { triggerId, rows } = await accept(db, version, 'gone', ['asleep', 'sending'])
    await claimRow(db, version, rows[1]!)
    await cancel(db, 'gone')
    const other = await accept(db, version, 'gone', ['late'])
    await db.execute(sql`delete from webhook_events`)
    assert.equal(await endRows(db, [triggerId, other.triggerId], 'run_terminated', 0, outbox), 2)
    const events = (await told(db)).map(({ type, recipientRunId }) => [type, recipientRunId])
    assert.deepEqual(events[0], ['message.delivery_attempted', rows[1]])
    assert.deepEqual(
      events.slice(1).sort(),
      [
        ['workflow_recipient_run.cancelled', rows[1]],
        ['workflow_recipient_run.error', other.rows[0]],
      ].sort(),
    )
  })
})
