import { sql } from 'drizzle-orm'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  confirmSignals,
  countPendingSignals,
  loadPendingSignals,
  takePendingSignals,
  triggerSignalPending,
} from '../../store/signals/pending-signals.ts'
import { triggers } from '../../store/schema/index.ts'
import { eq } from 'drizzle-orm'
import { onEachStore } from '../../testing/servers/each-store.ts'
import {
  accept,
  cancel,
  claimMessage,
  messageNow,
  rowNow,
  sent,
  tryMessage,
  walk,
} from '../../testing/fixtures/recipient-runs.ts'
import { catalogOf, testVersion } from '../../testing/fixtures/versions.ts'

const version = testVersion('invite', ['feed', 'mail'])

onEachStore(catalogOf(version), (store) => {
  test('a trigger’s signal tells who is still to be served, as of now', async () => {
    const db = store()
    const names = ['at feed', 'to be mailed', 'being mailed', 'through', 'canceled']
    const { rows, workflowRunId, signalId, triggerId } = await accept(db, version, 'as of now', names)
    const [atFeed, queued, claimed, through] = rows as [number, number, number, number]
    for (const id of [queued, claimed, through]) await walk(db, version, id, 2)
    await claimMessage(db, claimed, 1)
    await tryMessage(db, through, 1, sent)
    await cancel(db, version, 'as of now', { recipients: ['canceled'] })
    const [signal] = await loadPendingSignals(db, { only: [signalId] })
    assert.ok(signal?.kind === 'trigger')
    const { kind, message, ...address } = signal
    const run = { workflowId: 'invite/as of now', definition: 'invite', cancelationKey: 'as of now' }
    assert.deepEqual([kind, address], ['trigger', { id: signalId, triggerId, ...run, tenant: null, opens: true }])
    const { due } = await rowNow(db, atFeed)
    const group = (lane: string, step: string, at: number | null, id: number, name: string) => {
      return { lane, step, due: at, revision: 1, rows: [[id, id]], names: [name] }
    }
    assert.deepEqual(message, {
      workflowRunId,
      sleepers: [
        group('run', 'feed', due, atFeed, 'at feed'),
        group('email/1', 'mail', (await messageNow(db, queued, 1)).due, queued, 'to be mailed'),
        // Looked at again when its lease is over.
        group('email/1', 'mail', (await messageNow(db, claimed, 1)).leaseUntil, claimed, 'being mailed'),
      ],
    })
    assert.deepEqual(await loadPendingSignals(db, { workflowRunId }), [signal])
  })

  test('unconfirmed signals come in their order, and only those old enough', async () => {
    const db = store()
    const accepted = await accept(db, version, 'order', ['ada', 'bob'])
    const { signal } = await cancel(db, version, 'order', { recipients: ['bob'] })
    const old = { olderThanMs: 60_000, leaseMs: 0 }
    assert.deepEqual(await takePendingSignals(db, { ...old, limit: 10 }), [])
    await db.execute(sql`update pending_signals set created_at = now() - interval '1 hour'
      where id in (${accepted.signalId}, ${signal!.id})`)
    const found = await loadPendingSignals(db, { only: await takePendingSignals(db, { ...old, limit: 10 }) })
    assert.deepEqual(
      found.map(({ id, kind }) => [id, kind]),
      [
        [accepted.signalId, 'trigger'],
        [signal!.id, 'cancel'],
      ],
    )
    assert.deepEqual(found[1]?.kind === 'cancel' && found[1].message.removed, [
      { lane: 'run', rows: [[accepted.rows[1], accepted.rows[1]]] },
    ])
    assert.deepEqual(await takePendingSignals(db, { ...old, limit: 1 }), [accepted.signalId])
  })

  test('what one process has taken to send again is left to it for a while', async () => {
    const db = store()
    const { signalId: first } = await accept(db, version, 'shared', ['ada'])
    const { signalId: second } = await accept(db, version, 'shared', ['bob'])
    const take = { only: [first, second], olderThanMs: 0, leaseMs: 60_000 }
    assert.deepEqual(await takePendingSignals(db, { ...take, limit: 1 }), [first])
    assert.deepEqual(await takePendingSignals(db, { ...take, limit: 2 }), [second], 'by another')
    assert.deepEqual(await takePendingSignals(db, { ...take, limit: 2 }), [])
    assert.deepEqual(
      await takePendingSignals(db, { ...take, mine: [second], limit: 2 }),
      [second],
      'not sent, and again',
    )
    await db.execute(sql`update pending_signals set taken_at = taken_at - interval '2 minutes' where id = ${first}`)
    assert.deepEqual(await takePendingSignals(db, { ...take, limit: 2 }), [first], 'whoever took it is gone')
  })

  test('the first trigger of a generation opens its run, and the next one joins', async () => {
    const db = store()
    const { signalId: first } = await accept(db, version, 'opens', ['ada'])
    const { signalId: second } = await accept(db, version, 'opens', ['bob'])
    const found = await loadPendingSignals(db, { only: [first, second] })
    assert.deepEqual(
      found.map((signal) => signal.kind === 'trigger' && signal.opens),
      [true, false],
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
