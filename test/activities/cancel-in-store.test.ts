import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TestWorker } from '../../testing/fixtures/activities.ts'
import { countPendingSignals } from '../../store/signals/pending-signals.ts'
import { idsOf } from '../../workflows/ranges.ts'
import { onEachStore } from '../../testing/servers/each-store.ts'
import { accept, cancel, claimMessage, messageNow, rowNow, walk } from '../../testing/fixtures/recipient-runs.ts'
import { catalogOf, testVersion } from '../../testing/fixtures/versions.ts'

const version = testVersion('invite', ['mail', 'wait', 'mail_again'])

onEachStore(catalogOf(version), (store) => {
  test('an attempt after a lost answer tells the same rows, and leaves no signal', async () => {
    const db = store()
    const { rows, workflowId } = await accept(db, version, 'lost', ['ada', 'bob', 'carl', 'dora'])
    const [ada, bob, carl, dora] = rows as [number, number, number, number]
    await cancel(db, version, 'lost', { recipients: ['bob'] })
    await walk(db, version, carl)
    await claimMessage(db, carl, 0)
    const before = await countPendingSignals(db)
    const worker = new TestWorker(db)
    for (let attempt = 1; attempt <= 2; attempt += 1) {
      const { removed } = await worker.cancelInStore(workflowId, { request: {}, upTo: dora })
      assert.deepEqual(
        removed.map(({ lane }) => lane),
        ['run'],
        'what is being sent is not taken out',
      )
      assert.deepEqual(idsOf(removed[0]!.rows), [ada, bob, carl, dora], `attempt ${attempt}: all that are canceled`)
    }
    const message = await messageNow(db, carl, 0)
    assert.deepEqual([message.status, message.canceled], ['queued', true])
    assert.equal(await countPendingSignals(db), before)
  })

  test('what was accepted after the request stays', async () => {
    const db = store()
    const first = await accept(db, version, 'later', ['ada'])
    const second = await accept(db, version, 'later', ['ada', 'bob'])
    const worker = new TestWorker(db)
    for (const request of [{}, { recipients: ['ada'] }]) {
      const { removed } = await worker.cancelInStore(first.workflowId, { request, upTo: first.rows[0]! })
      assert.deepEqual(
        removed.flatMap(({ rows }) => idsOf(rows)),
        first.rows,
      )
    }
    for (const row of second.rows) assert.equal((await rowNow(db, row)).status, 'waiting')
  })

  test('a request the store can never carry out is dropped, and the run goes on', async () => {
    const db = store()
    const { rows, workflowId } = await accept(db, version, 'odd', ['ada'])
    const worker = new TestWorker(db)
    const request = { recipients: ['\ud83d'] }
    assert.deepEqual(await worker.cancelInStore(workflowId, { request, upTo: rows[0]! }), { removed: [] })
    assert.equal((await rowNow(db, rows[0]!)).status, 'waiting')
  })
})
