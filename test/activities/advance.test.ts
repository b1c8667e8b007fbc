import { eq } from 'drizzle-orm'
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import type { Definition } from '../../definitions/definition.ts'
import { recipientRunEvents } from '../../store/schema/index.ts'
import { idsOf } from '../../workflows/ranges.ts'
import { TestWorker } from '../../testing/fixtures/activities.ts'
import { accept, cancel, messageNow, rowNow } from '../../testing/fixtures/recipient-runs.ts'
import { catalogOf, testVersion } from '../../testing/fixtures/versions.ts'
import { onEachStore } from '../../testing/servers/each-store.ts'

const DAY = 86_400_000
const version = testVersion('story', ['feed', 'mail', 'wait', 'feed_again'])
const only = testVersion('only', ['mail', 'wait'])
/** Its template asks for what is not a number of anything: rendering fails. */
const broken = testVersion('broken', ['feed'], brokenTemplate())

function brokenTemplate(): Partial<Definition> {
  const steps = structuredClone(testVersion('broken', ['feed']).definition.steps)
  const [feed] = steps
  if (feed?.type === 'channel' && feed.channelType === 'in_app_feed')
    feed.template.markdownBody = '{{ "x" | no_such_filter }}'
  return { steps }
}

onEachStore(catalogOf(version, only, broken), (store) => {
  test('a walk goes on past a mail that waits to be sent, until it sleeps; then to its end', async () => {
    const db = store()
    const worker = new TestWorker(db)
    const { rows, workflowId } = await accept(db, version, randomUUID(), ['ada', 'grace'])
    const { asleep, now, ...counts } = await worker.advance(workflowId, rows)
    assert.deepEqual(counts, { sent: 2, canceled: 0, skipped: 0, failed: 0 })
    assert.deepEqual(asleep.map(({ lane, step, revision, rows: each }) => [lane, step, revision, idsOf(each)]).sort(), [
      ['email/1', 'mail', 1, rows],
      ['run', 'wait', 2, rows],
    ])
    const row = await rowNow(db, rows[0]!)
    assert.deepEqual([row.status, row.step, row.phase, row.messages], ['waiting', 2, 'wait', 2])
    assert.ok(Math.abs(row.due! - now - DAY) < 5_000)
    worker.now = () => row.due!
    const rest = await worker.advance(workflowId, rows, 2)
    assert.deepEqual([rest.asleep, rest.sent], [[], 2])
    assert.deepEqual((await rowNow(db, rows[0]!)).status, 'ended')
    assert.equal((await worker.advance(workflowId, rows, 3)).sent, 0, 'told again, nothing is made')
  })

  test('an attempt after one whose answer was lost tells what that one has made', async () => {
    const db = store()
    const { rows, workflowId } = await accept(db, only, randomUUID(), ['ada', 'grace'])
    const worker = new TestWorker(db)
    const { asleep: lost } = await worker.advance(workflowId, rows)
    const { asleep } = await worker.advance(workflowId, rows)
    assert.deepEqual(
      lost.map(({ lane }) => lane),
      ['email/0'],
    )
    assert.deepEqual(asleep, lost)
  })

  test('a walk with nothing left that acts is over, whatever delays follow', async () => {
    const db = store()
    const { rows, workflowId } = await accept(db, only, randomUUID(), ['ada'])
    const { asleep } = await new TestWorker(db).advance(workflowId, rows)
    assert.deepEqual(
      asleep.map(({ lane }) => lane),
      ['email/0'],
    )
    assert.equal((await rowNow(db, rows[0]!)).status, 'ended')
  })

  test('rows of another run, and of another store, are left alone', async () => {
    const db = store()
    const worker = new TestWorker(db)
    const { rows } = await accept(db, version, randomUUID(), ['ada'])
    const other = await accept(db, version, randomUUID(), ['ada'])
    const { asleep, sent } = await worker.advance(other.workflowId, rows)
    assert.deepEqual([asleep, sent, (await rowNow(db, rows[0]!)).revision], [[], 0, 1])
    const elsewhere = { id: randomUUID(), epoch: 1 }
    await assert.rejects(worker.advance(other.workflowId, other.rows, 1, elsewhere), /belongs to the store/)
  })

  test('what is canceled between the load and the end of a walk makes no message', async () => {
    const db = store()
    const key = randomUUID()
    const { rows, workflowId } = await accept(db, version, key, ['ada'])
    let canceled = false
    const worker = new TestWorker(db)
    // The clock is read after the load, and before anything is written.
    worker.now = () => {
      canceled = true
      return Date.now()
    }
    await cancel(db, version, key)
    const { asleep, sent } = await worker.advance(workflowId, rows)
    assert.deepEqual([canceled, asleep, sent], [true, [], 0])
    assert.equal((await rowNow(db, rows[0]!)).messages, 0)
  })

  test('a template that cannot work fails its recipient run, visibly, and no message is made', async () => {
    const db = store()
    const { rows, workflowId } = await accept(db, broken, randomUUID(), ['ada'])
    const worker = new TestWorker(db)
    const { asleep: again } = await worker.advance(workflowId, rows)
    assert.deepEqual(
      again.map(({ lane, tries, why }) => [lane, tries, why]),
      [['run', 1, 'step failed']],
    )
    for (const revision of [2, 3]) {
      const { due } = await rowNow(db, rows[0]!)
      worker.now = () => due!
      const { failed, asleep } = await worker.advance(workflowId, rows, revision)
      assert.deepEqual([failed, asleep.length], revision === 3 ? [1, 0] : [0, 1])
    }
    const row = await rowNow(db, rows[0]!)
    assert.deepEqual([row.status, row.errorCount, row.messages], ['ended', 1, 0])
    const [, , event] = await db.select().from(recipientRunEvents).where(eq(recipientRunEvents.recipientRunId, row.id))
    assert.deepEqual([event?.event, event?.status], ['step_failed', 'error'])
    assert.match(JSON.stringify(event?.data), /no_such_filter/)
  })

  test('in sandbox mode nothing is to be sent, and each message says so', async () => {
    const db = store()
    const { rows, workflowId } = await accept(db, version, randomUUID(), ['ada'], { sandboxMode: true })
    const { skipped, sent } = await new TestWorker(db).advance(workflowId, rows)
    assert.deepEqual([skipped, sent], [2, 0])
    assert.equal((await messageNow(db, rows[0]!, 1)).status, 'not_sent')
  })

  test('300 recipients of a trigger with 300 kB of data are walked in parts', async () => {
    const db = store()
    const recipients = Array.from({ length: 300 }, (_, i) => `user-${i}`)
    const given = { data: { text: 'x'.repeat(300_000) } }
    const { rows, workflowId } = await accept(db, only, randomUUID(), recipients, given)
    const { asleep } = await new TestWorker(db).advance(workflowId, rows)
    assert.deepEqual(
      asleep.flatMap((group) => idsOf(group.rows)),
      rows,
    )
  })
})
