import { eq } from 'drizzle-orm'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { settle } from '../../store/recipient-runs/settle.ts'
import { messages } from '../../store/schema/index.ts'
import { confirmSignals } from '../../store/signals/pending-signals.ts'
import { endRows, findRun, pendingExecutions } from '../../store/runs/runs.ts'
import { onEachStore } from '../../testing/servers/each-store.ts'
import {
  accept,
  cancel,
  claimRow,
  deliver,
  delivered,
  holder,
  rowNow,
  toRetry,
} from '../../testing/fixtures/recipient-runs.ts'
import { catalogOf, testVersion } from '../../testing/fixtures/versions.ts'

const version = testVersion('invite', ['feed', 'feed_again', 'mail'])

onEachStore(catalogOf(version), (store) => {
  test('the pending rows of a run that is gone end with the reason, whatever they were doing; others do not', async () => {
    const db = store()
    const names = ['asleep', 'in backoff', 'claimed', 'canceled while claimed', 'through', 'canceled']
    const gone = await accept(db, version, 'gone', names)
    const [asleep, backoff, claimed, canceling, through] = gone.rows
    await claimRow(db, version, backoff!)
    await settle(db, [toRetry(version, await rowNow(db, backoff!))], holder(), 0)
    await claimRow(db, version, claimed!)
    await claimRow(db, version, canceling!)
    await deliver(db, version, through!, 3)
    await cancel(db, version, 'gone', { recipients: ['canceled while claimed', 'canceled'] })
    const kept = await accept(db, version, 'kept', ['ada'])

    assert.equal(await endRows(db, [gone.triggerId], 'run_terminated', 9_000), 4)
    const rows = await Promise.all([...gone.rows, ...kept.rows].map((id) => rowNow(db, id)))
    assert.deepEqual(
      rows.map(({ status }) => status),
      ['ended', 'ended', 'ended', 'canceled', 'ended', 'canceled', 'waiting'],
    )
    // A send under way may have gone out: it is neither forgotten nor left as if it were still to come.
    const stored = await db.select().from(messages).where(eq(messages.reason, 'run_terminated'))
    assert.deepEqual(
      new Map(stored.map((message) => [message.recipient, message.status])),
      new Map([
        ['in backoff', 'not_sent'],
        ['claimed', 'delivery_attempted'],
        ['canceled while claimed', 'delivery_attempted'],
      ]),
    )
    const { recipients } = (await cancel(db, version, 'gone')).verdict
    assert.deepEqual(
      recipients.map(({ id, outcome, reason, runs }) => [id, outcome, reason, runs[0]?.messages.length]),
      [
        ['asleep', 'ended', 'run_terminated', 0],
        ['in backoff', 'ended', 'run_terminated', 0],
        ['claimed', 'already_sent', undefined, 1],
        ['canceled while claimed', 'already_canceled', undefined, 1],
        ['through', 'already_sent', undefined, 3],
        ['canceled', 'already_canceled', undefined, 0],
      ],
    )
    assert.equal((await settle(db, [delivered(version, rows[2]!)], holder(), 0)).size, 0)
    assert.equal(await claimRow(db, version, asleep!), false)
    assert.equal(await endRows(db, [gone.triggerId], 'run_terminated', 0), 0)
  })

  test('the executions of a key with somebody pending are known, once Temporal has confirmed them', async () => {
    const db = store()
    const one = await accept(db, version, 'executions', ['ada'])
    const two = await accept(db, version, 'executions', ['bob'])
    const three = await accept(db, version, 'executions', ['carl'])
    const run = await findRun(db, one.workflowId)
    assert.deepEqual(await pendingExecutions(db, run!.id), [])
    for (const [accepted, temporalRunId] of [
      [one, 'first'],
      [two, 'first'],
      [three, 'second'],
    ] as const) {
      await confirmSignals(db, [{ signalId: accepted.signalId, trigger: { id: accepted.triggerId, temporalRunId } }])
    }
    await cancel(db, version, 'executions', { recipients: ['bob'] })
    const found = await pendingExecutions(db, run!.id)
    assert.deepEqual(
      found.sort((a, b) => (a.temporalRunId < b.temporalRunId ? -1 : 1)),
      [
        { temporalRunId: 'first', triggerIds: [one.triggerId] },
        { temporalRunId: 'second', triggerIds: [three.triggerId] },
      ],
    )
    assert.equal(await findRun(db, 'no such run'), undefined)
  })
})
