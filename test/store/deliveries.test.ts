import { eq } from 'drizzle-orm'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Database } from '../../store/postgres/database.ts'
import { claim, fence } from '../../store/recipient-runs/claims.ts'
import { settle } from '../../store/recipient-runs/settle.ts'
import { messages, recipientRunEvents } from '../../store/schema/index.ts'
import { onEachStore } from '../../testing/servers/each-store.ts'
import {
  accept,
  cancel,
  claimRow,
  deliver,
  delivered,
  holder,
  newMessage,
  rowNow,
  toRetry,
} from '../../testing/fixtures/recipient-runs.ts'
import { catalogOf, testVersion } from '../../testing/fixtures/versions.ts'

const version = testVersion('invite', ['feed', 'feed_again', 'mail'])
let keys = 0

/** One recipient run, under a key of its own. */
async function begin(db: Database): Promise<{ id: number; key: string }> {
  const key = `key-${(keys += 1)}`
  const { rows } = await accept(db, version, key, ['ada'])
  return { id: rows[0]!, key }
}

async function messagesOf(db: Database, id: number): Promise<string[]> {
  const found = await db.select().from(messages).where(eq(messages.recipientRunId, id)).orderBy(messages.step)
  return found.map(({ step, status }) => `${step} ${status}`)
}

const elsewhere = holder(1, 'execution:2')

onEachStore(catalogOf(version), (store) => {
  test('a claim takes a row that nobody has, once, and writes its message as queued', async () => {
    const db = store()
    const { id } = await begin(db)
    assert.equal(await claimRow(db, version, id), true)
    assert.deepEqual(await messagesOf(db, id), ['0 queued'])
    const row = await rowNow(db, id)
    assert.deepEqual([row.status, row.claim, row.claimAttempt], ['claimed', 'execution:1', 1])
    assert.equal(await claimRow(db, version, id), false)
    assert.equal(await claimRow(db, version, id, elsewhere), false)
  })

  test('a claim of another revision, of a canceled or of an ended row is refused, and leaves no message', async () => {
    const db = store()
    const moved = await begin(db)
    const row = await rowNow(db, moved.id)
    for (const revision of [row.revision - 1, row.revision + 1]) {
      assert.equal(await claim(db, { id: row.id, revision }, newMessage(version, 0), holder(), 0), false)
    }
    const canceled = await begin(db)
    await cancel(db, version, canceled.key)
    assert.equal(await claimRow(db, version, canceled.id), false)
    const ended = await begin(db)
    await settle(db, [delivered(version, await rowNow(db, ended.id), { status: 'ended', message: undefined })], null, 0)
    assert.equal(await claimRow(db, version, ended.id), false)
    for (const { id } of [moved, canceled, ended]) assert.deepEqual(await messagesOf(db, id), [])
  })

  test('a later attempt of the same activity takes its claim over, another activity does not', async () => {
    const db = store()
    const { id } = await begin(db)
    await claimRow(db, version, id, holder(1))
    assert.equal(await claimRow(db, version, id, holder(2)), true)
    assert.equal(await claimRow(db, version, id, holder(1)), false)
    assert.equal(await claimRow(db, version, id, holder(9, 'execution:2')), false)
    assert.equal((await rowNow(db, id)).claimAttempt, 2)
  })

  test('a claim canceled since is not taken over', async () => {
    const db = store()
    const { id, key } = await begin(db)
    await claimRow(db, version, id, holder(1))
    await cancel(db, version, key)
    assert.equal(await claimRow(db, version, id, holder(2)), false)
  })

  test('once a second attempt has begun, the first, awake late, claims nothing more', async () => {
    const db = store()
    const [fresh, held] = [await begin(db), await begin(db)]
    await claimRow(db, version, held.id, holder(1))
    await fence(db, [fresh.id, held.id], holder(2))
    assert.equal(await claimRow(db, version, fresh.id, holder(1)), false)
    // What the first had claimed stays claimed by it, since it may have been sent.
    assert.equal((await rowNow(db, held.id)).claimAttempt, 1)
    assert.equal(await claimRow(db, version, fresh.id, holder(2)), true)
    assert.equal(await claimRow(db, version, held.id, holder(2)), true)
  })

  test('a fence stops only its own activity: the next hand-out claims what was given back', async () => {
    const db = store()
    const { id } = await begin(db)
    await fence(db, [id], holder(3))
    assert.equal(await claimRow(db, version, id, elsewhere), true)
  })

  test('a settlement of an attempt whose claim was taken over is refused', async () => {
    const db = store()
    const { id } = await begin(db)
    await claimRow(db, version, id, holder(1))
    await claimRow(db, version, id, holder(2))
    const row = await rowNow(db, id)
    assert.equal((await settle(db, [delivered(version, row)], holder(1), 0)).size, 0)
    assert.equal((await settle(db, [delivered(version, row)], elsewhere, 0)).size, 0)
    assert.deepEqual(await messagesOf(db, id), ['0 queued'])
    assert.deepEqual((await settle(db, [delivered(version, row)], holder(2), 0)).get(id), { canceled: false })
    assert.deepEqual(await messagesOf(db, id), ['0 delivered'])
    assert.equal((await settle(db, [delivered(version, row)], holder(2), 0)).size, 0)
  })

  test('a settled row has a new revision, no claim, its next step and instant, and what it sent is counted', async () => {
    const db = store()
    const { id } = await begin(db)
    await claimRow(db, version, id)
    const before = await rowNow(db, id)
    await settle(db, [delivered(version, before, { due: 12_345, reason: 'told' })], holder(), 0)
    const { claim: claimed, claimAttempt, revision, step, due, sent, status } = await rowNow(db, id)
    assert.deepEqual([claimed, claimAttempt, revision], [null, 0, before.revision + 1])
    assert.deepEqual([status, step, due, sent], ['waiting', 1, 12_345, 1])
  })

  test('without a holder, claim and settlement are one: a row that somebody holds, or has taken out, is left alone', async () => {
    const db = store()
    const [free, claimed, canceled] = [await begin(db), await begin(db), await begin(db)]
    await claimRow(db, version, claimed.id)
    await cancel(db, version, canceled.key)
    const rows = await Promise.all([canceled, claimed, free].map(({ id }) => rowNow(db, id)))
    const settled = await settle(
      db,
      rows.map((row) => delivered(version, row)),
      null,
      0,
    )
    assert.deepEqual([...settled], [[free.id, { canceled: false }]])
    const found = await Promise.all([free, claimed, canceled].map(({ id }) => messagesOf(db, id)))
    assert.deepEqual(found, [['0 delivered'], ['0 queued'], []])
    // The same again, as by a repeated hand-out: its revision is over.
    assert.equal((await settle(db, [delivered(version, rows[2]!)], null, 0)).size, 0)
    assert.equal((await rowNow(db, free.id)).sent, 1)
  })

  test('a try that failed waits for its next, which renders again into the same message', async () => {
    const db = store()
    const { id } = await begin(db)
    await claimRow(db, version, id)
    const event = { event: 'attempt_failed', status: 'error', step: 0, attempt: 1, data: { reason: 'busy' } } as const
    await settle(db, [{ ...toRetry(version, await rowNow(db, id)), event }], holder(), 7_000)
    const row = await rowNow(db, id)
    assert.deepEqual([row.status, row.step, row.attempt, row.sent], ['waiting', 0, 1, 0])
    assert.deepEqual(await messagesOf(db, id), ['0 queued'])
    const [told] = await db.select().from(recipientRunEvents).where(eq(recipientRunEvents.recipientRunId, id))
    assert.deepEqual([told?.event, told?.attempt, told?.insertedAt.getTime()], ['attempt_failed', 1, 7_000])
    assert.equal(await claimRow(db, version, id, elsewhere), true)
    await settle(db, [delivered(version, await rowNow(db, id))], elsewhere, 0)
    assert.deepEqual(await messagesOf(db, id), ['0 delivered'])
    assert.equal((await rowNow(db, id)).attempt, 0)
  })

  test('a message keeps the provider’s id and what was filled in at the send', async () => {
    const db = store()
    const { id } = await begin(db)
    await deliver(db, version, id, 2)
    await claimRow(db, version, id)
    const row = await rowNow(db, id)
    const settlement = delivered(version, row)
    const message = { ...settlement.message!, externalId: 'provider-1', content: { to: 'ada@example.com' } }
    await settle(db, [{ ...settlement, message }], holder(), 0)
    const [, , mail] = await db.select().from(messages).where(eq(messages.recipientRunId, id)).orderBy(messages.step)
    assert.equal(mail?.externalId, 'provider-1')
    assert.deepEqual(mail.content, { subject_line: 'Hello', to: 'ada@example.com' })
    assert.equal((await rowNow(db, id)).status, 'ended')
  })

  test('hundreds of rows are settled in one go, in any order, and nothing at all is nothing', async () => {
    const db = store()
    const { rows } = await accept(
      db,
      version,
      'many',
      Array.from({ length: 500 }, (_, i) => `user-${i}`),
    )
    const now = await Promise.all(rows.map((id) => rowNow(db, id)))
    const settled = await settle(
      db,
      now.reverse().map((row) => delivered(version, row)),
      null,
      0,
    )
    assert.equal(settled.size, 500)
    assert.equal((await settle(db, [], null, 0)).size, 0)
  })
})
