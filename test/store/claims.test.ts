import { and, eq } from 'drizzle-orm'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { claimMessages, renewLeases } from '../../store/messages/claims.ts'
import { endAbandoned } from '../../store/messages/end-abandoned.ts'
import type { Database } from '../../store/postgres/database.ts'
import { settleWalks } from '../../store/recipient-runs/settle-walks.ts'
import { messageEvents, messages, recipientRunEvents } from '../../store/schema/index.ts'
import { onEachStore } from '../../testing/servers/each-store.ts'
import {
  accept,
  cancel,
  claimMessage,
  endTry,
  messageNow,
  rowNow,
  sent,
  toRetry,
  walk,
  walked,
} from '../../testing/fixtures/recipient-runs.ts'
import { catalogOf, testVersion } from '../../testing/fixtures/versions.ts'

const version = testVersion('letters', ['mail', 'wait', 'feed'])
let keys = 0

/** One recipient run, under a key of its own, that has made its mail. */
async function begin(db: Database): Promise<{ id: number; key: string }> {
  const key = `key-${(keys += 1)}`
  const { rows } = await accept(db, version, key, ['ada'])
  await walk(db, version, rows[0]!)
  return { id: rows[0]!, key }
}

onEachStore(catalogOf(version), (store) => {
  test('a claim takes a message that nobody has, once', async () => {
    const db = store()
    const { id } = await begin(db)
    assert.equal(await claimMessage(db, id, 0, { owner: 'one' }), true)
    assert.equal((await messageNow(db, id, 0)).claim, 'one')
    assert.equal(await claimMessage(db, id, 0, { owner: 'one' }), false)
    assert.equal(await claimMessage(db, id, 0, { owner: 'two' }), false)
  })

  test('a message that was loaded as free is not taken over from who has claimed it since, though that lease is over', async () => {
    const db = store()
    const { id } = await begin(db)
    const [free, now] = [await messageNow(db, id, 0), Date.now()]
    assert.equal(await claimMessage(db, id, 0, { owner: 'one', now, leaseMs: 1_000 }), true)
    const later = { now: now + 1_000, leaseUntil: now + 2_000 }
    assert.deepEqual(await claimMessages(db, [free], 'two', later), [])
    const held = await messageNow(db, id, 0)
    assert.deepEqual(await claimMessages(db, [{ ...held, claim: 'three' }], 'two', later), [])
    assert.equal((await claimMessages(db, [held], 'two', later)).length, 1)
  })

  test('a claim of another revision, of a canceled or of a settled message is refused', async () => {
    const db = store()
    const claimAt = async (id: number, by: number) => {
      const message = await messageNow(db, id, 0)
      const believed = { ...message, revision: message.revision + by }
      return (await claimMessages(db, [believed], 'one', { now: Date.now(), leaseUntil: Date.now() + 1_000 })).length
    }
    const moved = await begin(db)
    assert.deepEqual([await claimAt(moved.id, -1), await claimAt(moved.id, 1)], [0, 0])
    const canceled = await begin(db)
    await cancel(db, version, canceled.key)
    assert.equal(await claimAt(canceled.id, 0), 0)
    const settled = await begin(db)
    await claimMessage(db, settled.id, 0)
    await endTry(db, settled.id, 0, sent)
    assert.equal(await claimAt(settled.id, 0), 0)
  })

  test('a lease that runs keeps others away, one that ran out does not, and a renewed one does again', async () => {
    const db = store()
    const { id } = await begin(db)
    const now = Date.now()
    await claimMessage(db, id, 0, { owner: 'one', now, leaseMs: 1_000 })
    const { revision } = await messageNow(db, id, 0)
    assert.equal(await claimMessage(db, id, 0, { owner: 'two', now: now + 999 }), false)
    await renewLeases(db, [{ recipientRunId: id, number: 0, revision }], 'one', now + 5_000)
    assert.equal(await claimMessage(db, id, 0, { owner: 'two', now: now + 1_000 }), false)
    assert.equal(await claimMessage(db, id, 0, { owner: 'two', now: now + 5_000 }), true)
    await renewLeases(db, [{ recipientRunId: id, number: 0, revision }], 'one', now + 900_000)
    assert.equal((await messageNow(db, id, 0)).leaseUntil, now + 5_000 + 600_000)
  })

  test('who comes to hold a message again, after another, records and renews nothing by the claim that was lost', async () => {
    const db = store()
    const { key, id } = await begin(db)
    const now = Date.now()
    await claimMessage(db, id, 0, { owner: 'one', now, leaseMs: 1 })
    const { revision } = await messageNow(db, id, 0)
    await claimMessage(db, id, 0, { owner: 'two', now: now + 1 })
    await endTry(db, id, 0, toRetry(now + 2), { owner: 'two' })
    assert.equal(await claimMessage(db, id, 0, { owner: 'one', now: now + 2, leaseMs: 5_000 }), true)
    const lost = { owner: 'one', revision }
    assert.equal(await endTry(db, id, 0, toRetry(now + 60_000), lost), undefined)
    await renewLeases(db, [{ recipientRunId: id, number: 0, revision }], 'one', now + 900_000)
    assert.equal((await messageNow(db, id, 0)).leaseUntil, now + 5_002)
    const { verdict } = await cancel(db, version, key)
    assert.equal(verdict.recipients[0]!.runs[0]!.in_flight.length, 1)
    assert.equal((await endTry(db, id, 0, sent, { owner: 'one' }))?.status, 'sent')
  })

  test('the end of a try is recorded by whoever holds the claim, once, and by nobody else', async () => {
    const db = store()
    const { id } = await begin(db)
    const now = Date.now()
    await claimMessage(db, id, 0, { owner: 'one', now, leaseMs: 1 })
    await claimMessage(db, id, 0, { owner: 'two', now: now + 1 })
    assert.equal(await endTry(db, id, 0, sent, { owner: 'one' }), undefined)
    assert.equal((await messageNow(db, id, 0)).status, 'queued')
    assert.equal((await endTry(db, id, 0, sent, { owner: 'two' }))?.status, 'sent')
    assert.equal(await endTry(db, id, 0, sent, { owner: 'two' }), undefined)
  })

  test('a try that was not taken waits for its next, at a new revision and without a claim, and is on record', async () => {
    const db = store()
    const { id } = await begin(db)
    await claimMessage(db, id, 0)
    const before = await messageNow(db, id, 0)
    await endTry(db, id, 0, toRetry(9_000), { now: 7_000 })
    const { status, due, attempt, revision, claim, leaseUntil } = await messageNow(db, id, 0)
    assert.deepEqual([status, due, attempt, claim, leaseUntil], ['queued', 9_000, 1, null, null])
    assert.equal(revision, before.revision + 1)
    const [event] = await db.select().from(messageEvents).where(eq(messageEvents.recipientRunId, id))
    assert.deepEqual([event?.type, event?.data], ['delivery_attempted', { attempt: 1, reason: 'busy' }])
    assert.equal(event?.insertedAt.getTime(), 7_000)
    assert.equal(await claimMessage(db, id, 0, { owner: 'two' }), true)
  })

  test('a message keeps the provider’s id, and says why it was refused', async () => {
    const db = store()
    const [taken, refused] = [await begin(db), await begin(db)]
    await claimMessage(db, taken.id, 0)
    await endTry(db, taken.id, 0, { kind: 'sent', externalId: 'provider-1' })
    await claimMessage(db, refused.id, 0)
    await endTry(db, refused.id, 0, { kind: 'undelivered', reason: 'no such mailbox' })
    const stored = async (id: number) => {
      const [message] = await db.select().from(messages).where(eq(messages.recipientRunId, id))
      return [message?.status, message?.externalId, message?.reason, message?.settledAt === null]
    }
    assert.deepEqual(await stored(taken.id), ['sent', 'provider-1', null, false])
    assert.deepEqual(await stored(refused.id), ['undelivered', null, 'no such mailbox', false])
  })

  test('of messages whose worker is gone those that were canceled end as attempted, the others are left to be sent', async () => {
    const db = store()
    const [canceled, open, alive] = [await begin(db), await begin(db), await begin(db)]
    const now = Date.now()
    for (const { id } of [canceled, open]) await claimMessage(db, id, 0, { now, leaseMs: 1_000 })
    await claimMessage(db, alive.id, 0, { now, leaseMs: 5_000 })
    for (const { key } of [canceled, alive]) await cancel(db, version, key)
    const keysOf = [canceled, open, alive].map(({ id }) => ({ recipientRunId: id, number: 0 }))
    assert.deepEqual(await endAbandoned(db, keysOf, now + 999), [])
    const ended = await endAbandoned(db, keysOf, now + 1_000)
    assert.deepEqual(
      ended.map(({ recipientRunId }) => recipientRunId),
      [canceled.id],
    )
    const statuses = await Promise.all([canceled, open, alive].map(({ id }) => messageNow(db, id, 0)))
    assert.deepEqual(
      statuses.map(({ status }) => status),
      ['delivery_attempted', 'queued', 'queued'],
    )
  })

  test('a settled walk has a new revision, its next step and instant, and its messages and events are there', async () => {
    const db = store()
    const { rows } = await accept(db, version, 'settled', ['ada'])
    const before = await rowNow(db, rows[0]!)
    const event = { event: 'step_skipped', status: 'ok', step: 0, attempt: 1, data: { reason: 'told' } } as const
    const settlement = walked(version, before, { due: 12_345, enteredAt: 1_000, events: [event] })
    assert.deepEqual(
      (await settleWalks(db, [settlement], 7_000)).walks.map(({ id }) => id),
      [before.id],
    )
    const after = await rowNow(db, before.id)
    assert.deepEqual([after.status, after.step, after.phase, after.due], ['waiting', 1, 'enter', 12_345])
    assert.deepEqual([after.revision, after.messages, after.enteredAt], [before.revision + 1, 1, 1_000])
    assert.equal((await messageNow(db, before.id, 0)).status, 'queued')
    const [told] = await db.select().from(recipientRunEvents).where(eq(recipientRunEvents.recipientRunId, before.id))
    assert.deepEqual([told?.event, told?.data, told?.insertedAt.getTime()], ['step_skipped', { reason: 'told' }, 7_000])
  })

  test('of a row that was canceled or moved meanwhile nothing is settled, and no message is there', async () => {
    const db = store()
    const { rows } = await accept(db, version, 'meanwhile', ['canceled', 'moved', 'as it was'])
    const before = await Promise.all(rows.map((id) => rowNow(db, id)))
    await cancel(db, version, 'meanwhile', { recipients: ['canceled'] })
    const settlements = before.map((row) => walked(version, row))
    settlements[1]!.revision -= 1
    assert.deepEqual(
      (await settleWalks(db, settlements, 0)).walks.map(({ id }) => id),
      [rows[2]],
    )
    const made = await db
      .select()
      .from(messages)
      .where(and(eq(messages.number, 0), eq(messages.stepRef, 'mail')))
    assert.deepEqual(
      made.map(({ recipientRunId }) => recipientRunId).filter((id) => rows.includes(id)),
      [rows[2]],
    )
  })

  test('hundreds of walks are settled in one go, in any order, and nothing at all is nothing', async () => {
    const db = store()
    const names = Array.from({ length: 500 }, (_, i) => `user-${i}`)
    const { rows } = await accept(db, version, 'many', names)
    const now = await Promise.all(rows.map((id) => rowNow(db, id)))
    const settlements = now.reverse().map((row) => walked(version, row))
    assert.equal((await settleWalks(db, settlements, 0)).walks.length, 500)
    assert.equal((await settleWalks(db, settlements, 0)).walks.length, 0)
    assert.equal((await settleWalks(db, [], 0)).walks.length, 0)
  })
})
