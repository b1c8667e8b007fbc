import { eq, inArray } from 'drizzle-orm'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { transaction, type Database } from '../../store/postgres/database.ts'
import { pendingSignals, recipientRuns, runs, triggers } from '../../store/schema/index.ts'
import { lockRun } from '../../store/triggers/triggers.ts'
import { onEachStore } from '../../testing/servers/each-store.ts'
import {
  accept,
  cancel,
  claimMessage,
  endTry,
  rowNow,
  sent,
  tryMessage,
  walk,
} from '../../testing/fixtures/recipient-runs.ts'
import { catalogOf, testVersion } from '../../testing/fixtures/versions.ts'

const version = testVersion('invite', ['feed', 'mail'])
/** Walks through all of it, and has its mail sent. */
async function serve(db: Database, id: number): Promise<void> {
  await walk(db, version, id, 2)
  await tryMessage(db, id, 1, sent)
}
const pendingUnder = async (db: Database, key: string) =>
  (await transaction(db, (tx) => lockRun(tx, 'invite', key, Date.now()))).pendingTrigger

onEachStore(catalogOf(version), (store) => {
  test('a trigger is written with its recipients, its run and the signal to send', async () => {
    const db = store()
    const accepted = await accept(db, version, 'written', [], {
      acceptedAt: 1_700_000_000_123,
      recipients: [
        { key: 'ada', triggerData: { seat: 1 }, step: 0, phase: 'enter', due: 1_700_000_000_123 },
        { key: 'teams#red', triggerData: null, step: 1, phase: 'enter', due: 1_700_000_500_007 },
      ],
      actor: 'grace',
      tenant: 'acme',
      data: { text: 'Ünï\t"quoted"', nested: [null, 0.1] },
      skipDelay: true,
      sandboxMode: true,
      apiKey: 'abc',
    })
    const [trigger] = await db.select().from(triggers).where(eq(triggers.id, accepted.triggerId))
    assert.equal(trigger?.workflowRunId, accepted.workflowRunId)
    assert.deepEqual([trigger.actor, trigger.tenant, trigger.apiKey], ['grace', 'acme', 'abc'])
    assert.deepEqual(trigger.data, { text: 'Ünï\t"quoted"', nested: [null, 0.1] })
    assert.deepEqual([trigger.skipDelay, trigger.sandboxMode, trigger.recipientCount], [true, true, 2])
    assert.deepEqual([trigger.nextDue?.getTime(), trigger.definitionHash], [1_700_000_000_123, version.hash])
    assert.equal(trigger.acceptedAt.getTime(), 1_700_000_000_123)
    assert.equal(trigger.temporalRunId, null)
    const [run] = await db.select().from(runs).where(eq(runs.id, trigger.runId))
    assert.deepEqual(
      [run?.workflowId, run?.definitionKey, run?.cancelationKey, run?.generation],
      ['invite/written', 'invite', 'written', trigger.generation],
    )
    const rows = await db.select().from(recipientRuns).where(inArray(recipientRuns.id, accepted.rows))
    assert.deepEqual(
      rows.map((row) => [row.recipient, row.step, row.due?.getTime(), row.triggerData, row.status, row.revision]),
      [
        ['ada', 0, 1_700_000_000_123, { seat: 1 }, 'waiting', 1],
        ['teams#red', 1, 1_700_000_500_007, null, 'waiting', 1],
      ],
    )
    const [signal] = await db.select().from(pendingSignals).where(eq(pendingSignals.id, accepted.signalId))
    assert.deepEqual([signal?.kind, signal?.triggerId, signal?.runId], ['trigger', accepted.triggerId, run?.id])
    assert.deepEqual(accepted.message, {
      workflowRunId: accepted.workflowRunId,
      sleepers: [
        {
          lane: 'run',
          step: 'feed',
          due: 1_700_000_000_123,
          revision: 1,
          rows: [[accepted.rows[0], accepted.rows[0]]],
          names: ['ada'],
        },
        {
          lane: 'run',
          step: 'mail',
          due: 1_700_000_500_007,
          revision: 1,
          rows: [[accepted.rows[1], accepted.rows[1]]],
          names: ['teams#red'],
        },
      ],
    })
  })

  test('a trigger without a key has a run of its own', async () => {
    const db = store()
    const [one, two] = [await accept(db, version, null, ['ada']), await accept(db, version, null, ['ada'])]
    assert.notEqual(one.workflowId, two.workflowId)
    assert.equal(one.workflowId, `invite#${one.workflowRunId}`)
    assert.deepEqual([one.joined, two.joined], [false, false])
  })

  test('ten thousand recipients are written, and told in one group without their names', async () => {
    const db = store()
    const many = Array.from({ length: 10_000 }, (_, i) => `user-${i}`)
    const { message, rows } = await accept(db, version, 'many', many)
    const [{ due, ...group }] = message.sleepers as [(typeof message.sleepers)[number]]
    assert.ok(due > 0)
    assert.deepEqual(group, { lane: 'run', step: 'feed', revision: 1, rows: [[rows[0], rows.at(-1)]] })
    assert.equal((await rowNow(db, rows.at(-1)!)).recipient, 'user-9999')
  })

  test('somebody is pending under a key while a row of its generation waits, or a message of it is to be sent, and not canceled', async () => {
    const db = store()
    assert.equal(await pendingUnder(db, 'states'), null)
    const { rows, workflowRunId } = await accept(db, version, 'states', ['asleep', 'being mailed', 'through'])
    const [asleep, claimed, through] = rows as [number, number, number]
    await serve(db, through)
    await walk(db, version, claimed, 2)
    await claimMessage(db, claimed, 1)
    assert.equal(await pendingUnder(db, 'states'), workflowRunId)
    await cancel(db, version, 'states', { recipients: ['asleep'] })
    assert.equal((await rowNow(db, asleep)).status, 'canceled')
    assert.equal(await pendingUnder(db, 'states'), workflowRunId)
    await cancel(db, version, 'states')
    // Its mail may still go out, but nothing more is to come: who keeps what is pending must not keep this.
    assert.equal(await pendingUnder(db, 'states'), null)
    await endTry(db, claimed, 1, sent)
    assert.equal(await pendingUnder(db, 'states'), null)
  })

  test('the pending trigger is the newest with somebody pending', async () => {
    const db = store()
    const one = await accept(db, version, 'newest', ['ada'])
    const two = await accept(db, version, 'newest', ['bob'])
    const three = await accept(db, version, 'newest', ['carl'])
    assert.deepEqual([one.joined, two.joined, three.joined], [false, true, true])
    assert.equal(await pendingUnder(db, 'newest'), three.workflowRunId)
    await serve(db, three.rows[0]!)
    assert.equal(await pendingUnder(db, 'newest'), two.workflowRunId)
    await cancel(db, version, 'newest', { recipients: ['bob'] })
    assert.equal(await pendingUnder(db, 'newest'), one.workflowRunId)
  })

  test('whose last one is through leaves the key free: the next trigger begins a generation', async () => {
    const db = store()
    const generations: number[] = []
    for (let i = 0; i < 3; i += 1) {
      const first = await accept(db, version, 'generations', ['ada'])
      const second = await accept(db, version, 'generations', ['bob'])
      assert.deepEqual([first.joined, second.joined], [false, true])
      const found = await db
        .select()
        .from(triggers)
        .where(inArray(triggers.id, [first.triggerId, second.triggerId]))
      assert.equal(found[0]?.generation, found[1]?.generation)
      generations.push(found[0]!.generation)
      for (const { rows } of [first, second]) await serve(db, rows[0]!)
    }
    assert.equal(new Set(generations).size, 3)
    assert.deepEqual(
      generations,
      [...generations].sort((a, b) => a - b),
    )
  })
})
