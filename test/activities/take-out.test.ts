import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createTakeOut } from '../../activities/cancel-in-store.ts'
import { silent } from '../../events/outbox.ts'
import { loadPendingSignals } from '../../store/signals/pending-signals.ts'
import { idsOf } from '../../workflows/messages.ts'
import { onEachStore } from '../../testing/servers/each-store.ts'
import { accept, cancel, claimRow, rowNow } from '../../testing/fixtures/recipient-runs.ts'
import { catalogOf, testVersion } from '../../testing/fixtures/versions.ts'

const version = testVersion('invite', ['mail', 'wait', 'mail_again'])

onEachStore(catalogOf(version), (store) => {
  test('an attempt after a lost answer tells the same rows, and leaves no signal', async () => {
    const db = store()
    const { rows, workflowId } = await accept(db, version, 'lost', ['ada', 'bob', 'carl', 'dora'])
    const [ada, bob, carl, dora] = rows as [number, number, number, number]
    await cancel(db, version, 'lost', { recipients: ['bob'] })
    await claimRow(db, version, carl)
    const before = (await loadPendingSignals(db, { after: 0, olderThanMs: -60_000, limit: 100 })).length
    const takeOut = createTakeOut({ db, outbox: silent })
    for (let attempt = 1; attempt <= 2; attempt += 1) {
      const { rows: told } = await takeOut({ workflowId, request: {}, upTo: dora })
      assert.deepEqual(idsOf(told), [ada, bob, dora], `attempt ${attempt}: all that are canceled, nobody in a send`)
    }
    const row = await rowNow(db, carl)
    assert.deepEqual([row.status, row.canceling], ['claimed', true])
    assert.equal((await loadPendingSignals(db, { after: 0, olderThanMs: -60_000, limit: 100 })).length, before)
  })

  test('what was accepted after the request stays', async () => {
    const db = store()
    const first = await accept(db, version, 'later', ['ada'])
    const second = await accept(db, version, 'later', ['ada', 'bob'])
    const takeOut = createTakeOut({ db, outbox: silent })
    for (const request of [{}, { recipients: ['ada'] }]) {
      const { rows } = await takeOut({ workflowId: first.workflowId, request, upTo: first.rows[0]! })
      assert.deepEqual(idsOf(rows), first.rows)
    }
    for (const row of second.rows) assert.equal((await rowNow(db, row)).status, 'waiting')
  })
})
