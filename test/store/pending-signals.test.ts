import { sql } from 'drizzle-orm'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  confirmSignals,
  countPendingSignals,
  loadPendingSignals,
  triggerSignalPending,
} from '../../store/signals/pending-signals.ts'
import { triggers } from '../../store/schema/index.ts'
import { eq } from 'drizzle-orm'
import { onEachStore } from '../../testing/servers/each-store.ts'
import { accept, cancel, claimRow, deliver, rowNow } from '../../testing/fixtures/recipient-runs.ts'
import { catalogOf, testVersion } from '../../testing/fixtures/versions.ts'

const version = testVersion('invite', ['feed', 'mail'])

onEachStore(catalogOf(version), (store) => {
  test('a trigger’s signal tells who is still to be served, as of now', async () => {
    const db = store()
    const names = ['asleep', 'at mail', 'claimed', 'through', 'canceled']
    const { rows, workflowRunId, signalId, triggerId } = await accept(db, version, 'as of now', names)
    const [asleep, atMail, claimed, through] = rows as [number, number, number, number]
    await deliver(db, version, atMail)
    await claimRow(db, version, claimed)
    await deliver(db, version, through, 2)
    await cancel(db, version, 'as of now', { recipients: ['canceled'] })
    const [signal] = await loadPendingSignals(db, { only: [signalId] })
    assert.ok(signal?.kind === 'trigger')
    const { kind, message, ...address } = signal
    const run = { workflowId: 'invite/as of now', definition: 'invite', cancelationKey: 'as of now' }
    assert.deepEqual([kind, address], ['trigger', { id: signalId, triggerId, ...run, opens: false }])
    const { due } = await rowNow(db, asleep)
    assert.deepEqual(message, {
      workflowRunId,
      sleepers: [
        {
          step: 'feed',
          due,
          revision: 1,
          rows: [
            [asleep, asleep],
            [claimed, claimed],
          ],
          names: ['asleep', 'claimed'],
        },
        { step: 'mail', due: due + 1_000, revision: 2, rows: [[atMail, atMail]], names: ['at mail'] },
      ],
    })
    assert.deepEqual(await loadPendingSignals(db, { workflowRunId }), [signal])
  })

  test('unconfirmed signals come in their order, and only those old enough', async () => {
    const db = store()
    const accepted = await accept(db, version, 'order', ['ada', 'bob'])
    const { signal } = await cancel(db, version, 'order', { recipients: ['bob'] })
    assert.deepEqual(await loadPendingSignals(db, { after: 0, olderThanMs: 60_000, limit: 10 }), [])
    await db.execute(sql`update pending_signals set created_at = now() - interval '1 hour'
      where id in (${accepted.signalId}, ${signal!.id})`)
    const found = await loadPendingSignals(db, { after: 0, olderThanMs: 60_000, limit: 10 })
    assert.deepEqual(
      found.map(({ id, kind }) => [id, kind]),
      [
        [accepted.signalId, 'trigger'],
        [signal!.id, 'cancel'],
      ],
    )
    assert.deepEqual(found[1]?.kind === 'cancel' && found[1].message.rows, [[accepted.rows[1], accepted.rows[1]]])
    const next = await loadPendingSignals(db, { after: accepted.signalId, olderThanMs: 60_000, limit: 1 })
    assert.deepEqual(
      next.map(({ id }) => id),
      [signal!.id],
    )
  })

  test('a confirmed signal is gone, and the trigger knows the execution that took it', async () => {
    const db = store()
    const { signalId, triggerId, workflowId } = await accept(db, version, 'confirmed', ['ada'])
    const { signal } = await cancel(db, version, 'confirmed')
    const before = await countPendingSignals(db)
    assert.equal(await triggerSignalPending(db, workflowId), true)
    await confirmSignals(db, [{ signalId, trigger: { id: triggerId, temporalRunId: 'execution' } }])
    assert.equal(await triggerSignalPending(db, workflowId), false)
    await confirmSignals(db, [{ signalId: signal!.id }, { signalId }])
    assert.equal(await countPendingSignals(db), before - 2)
    const [trigger] = await db.select().from(triggers).where(eq(triggers.id, triggerId))
    assert.equal(trigger?.temporalRunId, 'execution')
  })
})
