import { eq, inArray, sql } from 'drizzle-orm'
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import type { SendResult } from '../../channels/sender.ts'
import { setTimeout as wait } from 'node:timers/promises'
import { renewLeases } from '../../store/messages/claims.ts'
import { keyOfMessageId } from '../../store/ids/message-id.ts'
import { transaction, type Database } from '../../store/postgres/database.ts'
import { upsertProperties } from '../../store/profiles/properties.ts'
import { triggerIdOf } from '../../store/ids/row-id.ts'
import { messages, recipientRuns, triggers } from '../../store/schema/index.ts'
import { idsOf } from '../../workflows/ranges.ts'
import { TestWorker } from '../../testing/fixtures/activities.ts'
import { accept, cancel, claimMessage, messageNow, walk } from '../../testing/fixtures/recipient-runs.ts'
import { until } from '../../testing/fixtures/until.ts'
import { catalogOf, testVersion } from '../../testing/fixtures/versions.ts'
import { MortalStore } from '../../testing/oracle/mortal.ts'
import { onEachStore } from '../../testing/servers/each-store.ts'

const version = testVersion('invite', ['mail'])
const LANE = 'email/0'
let keys = 0

/** Recipient runs whose mail is to be sent. */
async function mailed(db: Database, recipients: string[]) {
  const key = `key-${(keys += 1)}`
  const accepted = await accept(db, version, key, recipients)
  for (const row of accepted.rows) await walk(db, version, row)
  return { key, ...accepted }
}
const statusesOf = async (db: Database, rows: number[]) =>
  Promise.all(rows.map(async (row) => (await messageNow(db, row, 0)).status))
const counts = { sent: 0, canceled: 0, skipped: 0, failed: 0 }

onEachStore(catalogOf(version), (store) => {
  test('a recipient of whom much is kept is sent to as anybody else', async () => {
    const db = store()
    const notes = randomBytes(50_000).toString('hex')
    const entry = (id: string, more: object) => ({ key: [id], properties: { email: `${id}@x.example`, ...more } })
    await upsertProperties(db, 'users', [entry('little', {}), entry('much', { notes })])
    const { rows, workflowId } = await mailed(db, ['little', 'much'])
    const known: unknown[] = []
    const worker = new TestWorker(db, ({ recipient }) => {
      known.push(recipient.properties)
      return Promise.resolve({ kind: 'sent' })
    })
    await worker.deliver(workflowId, LANE, rows)
    const [little, much] = ['little@x.example', 'much@x.example']
    assert.deepEqual(known, [{ email: little }, { email: much, notes }])
  })

  test('each message is sent once and recorded, and who was refused or is to be tried again is told apart', async () => {
    const db = store()
    const { rows, workflowId } = await mailed(db, ['sent', 'refused', 'busy', 'unknown', 'no address'])
    const answers: Record<number, SendResult> = {
      [rows[0]!]: { kind: 'sent', externalId: 'x-1' },
      [rows[1]!]: { kind: 'refused', reason: 'no such mailbox' },
      [rows[2]!]: { kind: 'not_taken', reason: 'try later', retryAfterMs: 60_000 },
      [rows[3]!]: { kind: 'unknown', reason: 'no answer', repeatable: false },
      [rows[4]!]: { kind: 'not_sent', reason: 'no email' },
    }
    const sent: number[] = []
    const worker = new TestWorker(db, ({ messageId }) => {
      const { recipientRunId } = keyOfMessageId(messageId)!
      sent.push(recipientRunId)
      return Promise.resolve(answers[recipientRunId]!)
    })
    const { asleep, now, ...told } = await worker.deliver(workflowId, LANE, rows)
    assert.deepEqual(sent.sort(), [...rows].sort())
    assert.deepEqual(told, { ...counts, sent: 2, skipped: 1, failed: 1 })
    assert.deepEqual(await statusesOf(db, rows), ['sent', 'undelivered', 'queued', 'delivery_attempted', 'not_sent'])
    const [again] = asleep
    assert.deepEqual([asleep.length, again!.lane, idsOf(again!.rows), again!.revision], [1, LANE, [rows[2]], 2])
    // As the provider asked, which is later than the first wait of the backoff.
    assert.ok(Math.abs(again!.due - now - 60_000) < 5_000)
    assert.equal(again!.why, 'asked to wait')
    // Told again, nothing is sent; why it sleeps is at hand only as the try ends.
    const { why: _why, ...asItWas } = again!
    assert.deepEqual((await worker.deliver(workflowId, LANE, rows)).asleep, [asItWas])
    assert.equal(sent.length, 5)
  })

  test('a message that names attachments gets them from its data, each recipient’s own laid over', async () => {
    const db = store()
    const files = [{ name: 'a.txt', content: 'YQ==' }]
    const { rows, workflowId } = await mailed(db, ['ada', 'bo', 'cy'])
    const settings = { attachment_key: 'files' }
    await db
      .update(messages)
      .set({ content: { settings } })
      .where(inArray(messages.recipientRunId, rows.slice(0, 2)))
    await db
      .update(triggers)
      .set({ data: { files } })
      .where(eq(triggers.id, triggerIdOf(rows[0]!)))
    await db
      .update(recipientRuns)
      .set({ triggerData: { files: [] } })
      .where(eq(recipientRuns.id, rows[1]!))
    const got = new Map<number, unknown>()
    const worker = new TestWorker(db, ({ messageId, attachments }) => {
      got.set(keyOfMessageId(messageId)!.recipientRunId, attachments)
      return Promise.resolve({ kind: 'sent' })
    })
    await worker.deliver(workflowId, LANE, rows)
    assert.deepEqual(
      rows.map((row) => got.get(row)),
      [files, [], undefined],
    )
  })

  test('rows of another run are left alone', async () => {
    const db = store()
    const one = await mailed(db, ['ada'])
    const other = await mailed(db, ['ada'])
    const sent: string[] = []
    const worker = new TestWorker(db, ({ messageId }) => {
      sent.push(messageId)
      return Promise.resolve({ kind: 'sent' })
    })
    const { asleep } = await worker.deliver(one.workflowId, LANE, other.rows)
    assert.deepEqual([sent, asleep, await statusesOf(db, other.rows)], [[], [], ['queued']])
  })

  test('what comes before its instant by the store’s clock is handed back, and not sent', async () => {
    const db = store()
    const { rows, workflowId } = await mailed(db, ['ada'])
    const { due } = await messageNow(db, rows[0]!, 0)
    const worker = new TestWorker(db, () => assert.fail('sent early'))
    // As far ahead as Temporal's clock may run; the wait for what is left ends after ten seconds of the store's clock.
    worker.now = () => due! - 3 * 86_400_000
    const began = performance.now()
    const { asleep } = await worker.deliver(workflowId, LANE, rows)
    assert.ok(performance.now() - began > 9_000, 'it may not spin')
    assert.deepEqual(
      asleep.map((group) => [group.due, idsOf(group.rows)]),
      [[due, rows]],
    )
  })

  test('a send that lasts goes on under its lease after the activity has answered, and is recorded', async () => {
    const db = store()
    const { rows, workflowId } = await mailed(db, ['slow', 'quick'])
    let answer: (result: SendResult) => void = () => undefined
    const worker = new TestWorker(db, ({ messageId }) =>
      keyOfMessageId(messageId)!.recipientRunId === rows[0]
        ? new Promise((resolve) => (answer = resolve))
        : Promise.resolve({ kind: 'sent' }),
    )
    const { asleep, sent } = await worker.deliver(workflowId, LANE, rows)
    assert.equal(sent, 1)
    const { leaseUntil } = await messageNow(db, rows[0]!, 0)
    assert.deepEqual(
      asleep.map((group) => [group.due, idsOf(group.rows)]),
      [[leaseUntil, [rows[0]]]],
    )
    // Another worker finds it taken.
    const other = new TestWorker(db, () => assert.fail('sent by two'))
    assert.equal((await other.deliver(workflowId, LANE, [rows[0]!])).asleep.length, 1)
    answer({ kind: 'sent' })
    await worker.leases.close()
    assert.deepEqual(await statusesOf(db, rows), ['sent', 'sent'])
  })

  test('a try that was not taken after the activity has answered is made again no earlier than the run was told to look', async () => {
    const db = store()
    const { rows, workflowId } = await mailed(db, ['slow'])
    let answer: (result: SendResult) => void = () => undefined
    const worker = new TestWorker(db, () => new Promise((resolve) => (answer = resolve)))
    const [told] = (await worker.deliver(workflowId, LANE, rows)).asleep
    answer({ kind: 'not_taken', reason: 'busy' })
    await worker.leases.close()
    const { status, attempt, due, leaseUntil } = await messageNow(db, rows[0]!, 0)
    assert.deepEqual([status, attempt, leaseUntil], ['queued', 1, null])
    // Its backoff alone, of 15 s, ends before the lease.
    assert.ok(due! >= told!.due, `${due} is before ${told!.due}`)
  })

  test('a try that is being recorded when the activity answers is made again no earlier than the run was told to look', async () => {
    const db = store()
    const { rows, workflowId } = await mailed(db, ['recorded'])
    let held: Promise<void> | undefined
    const worker = new TestWorker(db, async () => {
      await new Promise<void>((locked) => {
        held = transaction(db, async (tx) => {
          await tx.execute(sql`lock table message_events in exclusive mode`)
          locked()
          // No record is written until the seconds of the chunk are over.
          await wait(6_000)
        })
      })
      return { kind: 'not_taken', reason: 'busy' }
    })
    const [told] = (await worker.deliver(workflowId, LANE, rows)).asleep
    await held
    await worker.leases.close()
    const { attempt, due } = await messageNow(db, rows[0]!, 0)
    assert.equal(attempt, 1)
    assert.ok(due! >= told!.due, `${due} is before ${told!.due}`)
  })

  test('a worker that stood still until another had its chunk makes a try again no earlier than the run was told to look', async () => {
    const db = store()
    const { rows, workflowId } = await mailed(db, ['slow'])
    let clock = Date.now()
    const other = new TestWorker(
      db,
      () => assert.fail('sent by two'),
      () => clock,
    )
    let told = 0
    const worker = new TestWorker(
      db,
      async () => {
        clock += 10_000
        told = (await other.deliver(workflowId, LANE, rows)).asleep[0]!.due
        return { kind: 'not_taken', reason: 'busy' }
      },
      () => clock,
    )
    await worker.deliver(workflowId, LANE, rows)
    const { attempt, due } = await messageNow(db, rows[0]!, 0)
    assert.equal(attempt, 1)
    // Its backoff alone, of 15 s, ends before the lease of 30 s.
    assert.equal(due, told)
  })

  test('so does one that stood still before it had claimed anything', async () => {
    const db = store()
    const { rows, workflowId } = await mailed(db, ['slow'])
    let clock = Date.now()
    const now = () => clock
    const other = new TestWorker(db, () => assert.fail('sent by two'), now)
    const own = new MortalStore(db)
    let told = 0
    const send = async () => {
      told = (await other.deliver(workflowId, LANE, rows)).asleep[0]!.due
      return { kind: 'not_taken', reason: 'busy' } as const
    }
    const worker = new TestWorker(own.db, send, now)
    // The rows to hand out are looked up first. By its own first look the server has handed its chunk to the other.
    own.interjection = { after: 1, work: () => Promise.resolve(void (clock += 10_000)) }
    await worker.deliver(workflowId, LANE, rows)
    const { attempt, due } = await messageNow(db, rows[0]!, 0)
    assert.deepEqual([own.interjection, attempt, due], [undefined, 1, told])
  })

  test('what a dead worker had claimed is sent by another when its lease is over, unless it was canceled since', async () => {
    const db = store()
    const { rows, workflowId, key } = await mailed(db, ['ada', 'grace'])
    const now = Date.now()
    for (const row of rows) await claimMessage(db, row, 0, { owner: 'dead', now, leaseMs: 5_000 })
    const { verdict } = await cancel(db, version, key, { recipients: ['grace'] })
    assert.equal(verdict.recipients[0]!.outcome, 'sending')
    const sent: number[] = []
    const worker = new TestWorker(db, ({ messageId }) => {
      sent.push(keyOfMessageId(messageId)!.recipientRunId)
      return Promise.resolve({ kind: 'sent' })
    })
    const early = await worker.deliver(workflowId, LANE, rows)
    assert.deepEqual([sent, early.asleep.flatMap((group) => idsOf(group.rows)).sort()], [[], [...rows].sort()])
    worker.now = () => now + 5_001
    const { asleep, ...told } = await worker.deliver(workflowId, LANE, rows)
    assert.deepEqual([asleep, told.sent, sent], [[], 2, [rows[0]]])
    assert.deepEqual(await statusesOf(db, rows), ['sent', 'delivery_attempted'])
  })

  test('a lease that ran out while its worker could not reach the store is no dead worker’s: it is renewed, and nobody else sends', async () => {
    const db = store()
    const { rows, workflowId } = await mailed(db, ['ada'])
    const now = Date.now()
    await claimMessage(db, rows[0]!, 0, { owner: 'alive', now, leaseMs: 5_000 })
    const { revision } = await messageNow(db, rows[0]!, 0)
    const worker = new TestWorker(db, () => assert.fail('sent by two'))
    worker.now = () => now + 60_000
    worker.lookAgainMs = 2_000
    const delivered = worker.deliver(workflowId, LANE, rows)
    await wait(500)
    await renewLeases(db, [{ recipientRunId: rows[0]!, number: 0, revision }], 'alive', now + 90_000)
    const { asleep } = await delivered
    assert.deepEqual(
      asleep.map((group) => [group.due, idsOf(group.rows)]),
      [[now + 90_000, rows]],
    )
  })

  test('a send that ends after its lease was lost says nothing of the one that its worker has begun since', async () => {
    const db = store()
    const { rows, workflowId, key } = await mailed(db, ['ada'])
    const held: ((result: SendResult) => void)[] = []
    const slow = new TestWorker(db, () => new Promise((resolve) => held.push(resolve)))
    const busy: SendResult = { kind: 'not_taken', reason: 'busy' }
    const other = new TestWorker(db, () => Promise.resolve(busy))
    const now = Date.now()
    const first = slow.deliver(workflowId, LANE, rows)
    await until('it is being sent', () => held.length === 1)
    // The lease is over, and not renewed: its worker stood still.
    other.now = () => now + 60_000
    await other.deliver(workflowId, LANE, rows)
    slow.now = () => now + 3_600_000
    const second = slow.deliver(workflowId, LANE, rows, 2)
    await until('it is being sent again', () => held.length === 2)
    held[0]!(busy)
    await first
    // Its lease is renewed on.
    assert.ok(slow.leases.has({ recipientRunId: rows[0]!, number: 0 }))
    const { verdict } = await cancel(db, version, key)
    assert.equal(verdict.recipients[0]!.outcome, 'sending')
    assert.equal(verdict.recipients[0]!.runs[0]!.in_flight.length, 1)
    held[1]!({ kind: 'sent' })
    await second
    assert.deepEqual(await statusesOf(db, rows), ['sent'])
  })

  test('what the store refuses to record of one send is recorded without it, and of the others as it is: none is sent again', async () => {
    const db = store()
    const { rows, workflowId } = await mailed(db, ['ada', 'bo', 'cy'])
    // Postgres holds no NUL in a text.
    const words = ['one', 'tw\u0000o', 'three']
    let sent = 0
    const worker = new TestWorker(db, ({ messageId }) => {
      sent += 1
      return Promise.resolve({
        kind: 'sent',
        externalId: words[rows.indexOf(keyOfMessageId(messageId)!.recipientRunId)]!,
      })
    })
    assert.equal((await worker.deliver(workflowId, LANE, rows)).sent, 3)
    assert.equal(sent, 3)
    const found = await db.select().from(messages).where(inArray(messages.recipientRunId, rows))
    const told = rows.map((row) => found.find(({ recipientRunId }) => recipientRunId === row)!.externalId)
    assert.deepEqual(told, ['one', null, 'three'])
  })

  test('what is canceled in the middle of a chunk is not sent; a try under way that was not taken is not made again', async () => {
    const db = store()
    const recipients = Array.from({ length: 30 }, (_, i) => `user-${i}`)
    const { rows, workflowId, key } = await mailed(db, recipients)
    const held: ((result: SendResult) => void)[] = []
    const worker = new TestWorker(db, () => new Promise((resolve) => held.push(resolve)))
    const delivered = worker.deliver(workflowId, LANE, rows)
    await until('as many as may be under way', () => held.length === 20)
    const { verdict } = await cancel(db, version, key)
    assert.deepEqual([verdict.summary.sending, verdict.summary.canceled], [20, 10])
    held.forEach((answer, i) => answer(i % 2 === 0 ? { kind: 'sent' } : { kind: 'not_taken', reason: 'busy' }))
    const { asleep } = await delivered
    await worker.leases.close()
    assert.deepEqual(asleep, [])
    assert.equal(held.length, 20)
    const found = await db.select().from(messages).where(eq(messages.reason, 'canceled before the next try'))
    assert.equal(found.filter(({ recipientRunId }) => rows.includes(recipientRunId)).length, 10)
  })
})
