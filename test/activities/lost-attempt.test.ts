import { sql } from 'drizzle-orm'
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { openPglite, type Store } from '../../store/postgres/database.ts'
import { publishCatalog } from '../../store/catalog/definitions.ts'
import { messages } from '../../store/schema/index.ts'
import { toRanges, type DeliverInput } from '../../workflows/messages.ts'
import { Attempt } from '../../testing/oracle/attempt.ts'
import { accept, cancel, claimRow, holder, rowNow } from '../../testing/fixtures/recipient-runs.ts'
import { catalogOf, testVersion } from '../../testing/fixtures/versions.ts'

const version = testVersion('invite', ['mail'])
const [workflowId, activityId] = holder().claim.split(':') as [string, string]

let store: Store
before(async () => {
  store = await openPglite(null)
  await store.migrate()
  await publishCatalog(store.db, catalogOf(version))
})
after(() => store.close())

test('canceled while the next attempt has not come to it yet, a send left by a lost worker is given up, not left claimed', async () => {
  const { db } = store
  const { rows } = await accept(db, version, 'key', ['ada', 'grace'])
  for (const row of rows) await claimRow(db, version, row)
  const input: DeliverInput = { now: Date.now(), step: 'mail', rows: [{ revision: 1, ids: toRanges(rows) }] }
  const sent: string[] = []
  const activity = { workflowId, activityId, attempt: 2, input }
  const attempt = new Attempt(db, activity, { kind: 'hangs', answers: ['sent'] }, ({ messageId }) =>
    sent.push(messageId),
  )
  assert.equal(await attempt.still(), 'hangs')
  const { verdict } = await cancel(db, version, 'key', { recipients: ['grace'] })
  assert.equal(verdict.recipients[0]!.outcome, 'sending')
  attempt.letGo()
  assert.deepEqual(await attempt.result, { asleep: [], sent: 2, canceled: 1, skipped: 0, failed: 0 })
  assert.equal(sent.length, 1)
  assert.deepEqual([(await rowNow(db, rows[0]!)).status, (await rowNow(db, rows[1]!)).status], ['ended', 'canceled'])
  const statuses = await db.select({ status: messages.status }).from(messages).orderBy(messages.recipientRunId)
  assert.deepEqual(
    statuses.map(({ status }) => status),
    ['sent', 'delivery_attempted'],
  )
})

test('what an execution ended by a reset had claimed is sent by the next, once no send of it can be under way', async () => {
  const { db } = store
  const { rows } = await accept(db, version, 'reset', ['ada'])
  await claimRow(db, version, rows[0]!)
  const input: DeliverInput = { now: Date.now(), step: 'mail', rows: [{ revision: 1, ids: toRanges(rows) }] }
  const activity = { workflowId: 'the next execution', activityId, attempt: 1, input }
  const sent: string[] = []
  const handOut = () =>
    new Attempt(db, activity, { kind: 'ends', answers: ['sent'] }, ({ messageId }) => sent.push(messageId)).result
  const put = await handOut()
  assert.deepEqual([sent, put?.asleep.map(({ rows: each }) => each)], [[], [toRanges(rows)]])
  await db.execute(
    sql`update recipient_runs set updated_at = updated_at - interval '31 seconds' where id = ${rows[0]!}`,
  )
  assert.deepEqual(await handOut(), { asleep: [], sent: 1, canceled: 0, skipped: 0, failed: 0 })
  assert.equal(sent.length, 1)
  assert.equal((await rowNow(db, rows[0]!)).status, 'ended')
})
