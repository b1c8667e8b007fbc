import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { v4 as uuid } from 'uuid'
import { openPostgres, transaction, type Database } from '../../store/postgres/database.ts'
import { publishCatalog } from '../../store/catalog/definitions.ts'
import { insertFirstTrigger } from '../../store/triggers/first-trigger.ts'
import { keepAnswer, takeKey, type IdempotentRequest, type Replay } from '../../store/idempotency/idempotency.ts'
import { findRun } from '../../store/runs/runs.ts'
import { recipientRuns, runs, triggers } from '../../store/schema/index.ts'
import type { Acceptance } from '../../store/triggers/trigger-rows.ts'
import { onEachStore } from '../../testing/servers/each-store.ts'
import { testPostgres } from '../../testing/servers/postgres.ts'
import { accept, cancel, rowNow } from '../../testing/fixtures/recipient-runs.ts'
import { catalogOf, testVersion } from '../../testing/fixtures/versions.ts'

const version = testVersion('invite', ['feed', 'mail'])
const AT = 1_700_000_000_123

function acceptance(cancelationKey: string | null): Acceptance {
  return {
    version,
    workflowRunId: uuid(),
    cancelationKey,
    recipients: [
      { key: 'ada', triggerData: { seat: 1 }, step: 0, phase: 'enter', due: AT },
      { key: 'teams#red', triggerData: null, step: 1, phase: 'enter', due: AT + 7 },
    ],
    actor: null,
    tenant: null,
    data: { text: 'Ünï' },
    skipDelay: false,
    sandboxMode: false,
    apiKey: 'abc',
    acceptedAt: AT,
  }
}

const answered = (key: string, given: Partial<IdempotentRequest> = {}) => {
  return { scope: 'abc trigger invite', key, hash: 'h1', requestId: 'r1', response: { workflow_run_id: key }, ...given }
}
const replayOf = (db: Database, key: string): Promise<Replay | null> =>
  transaction(db, (tx) => takeKey(tx, answered(key, { requestId: 'r2' })))
const counts = async (db: Database) => [
  await db.$count(runs),
  await db.$count(triggers),
  await db.$count(recipientRuns),
]

onEachStore(catalogOf(version), (store) => {
  test('the first trigger of a key is written as one that locks and looks first is', async () => {
    const db = store()
    for (const [key, other] of [
      ['alone', 'within'],
      [null, null],
    ] as const) {
      const given = acceptance(key)
      const alone = await insertFirstTrigger(db, given, null)
      const { workflowRunId: _, ...rest } = acceptance(other)
      const within = await accept(db, version, other, [], rest)
      assert.ok(alone !== null)
      const shape = async (triggerId: number, workflowId: string, workflowRunId: string) => {
        const { id, ...run } = (await findRun(db, workflowId))!
        const row = (await db.select().from(triggers)).find((each) => each.id === triggerId)!
        assert.deepEqual([row.runId, row.workflowRunId], [id, workflowRunId])
        const places = [0, 1].map((place) => triggerId * 131_072 + place)
        const rows = await Promise.all(places.map((place) => rowNow(db, place)))
        const { definitionKey, cancelationKey } = run
        return [
          { definitionKey, named: cancelationKey !== null },
          { ...row, id: 0, runId: 0, workflowRunId: '', generation: 0 },
          rows.map((each) => ({ ...each, id: 0 })),
        ]
      }
      assert.deepEqual(
        await shape(alone.triggerId, alone.workflowId, given.workflowRunId),
        await shape(within.triggerId, within.workflowId, within.workflowRunId),
      )
      assert.deepEqual(
        alone.message.sleepers.map(({ step, due, names }) => ({ step, due, names })),
        within.message.sleepers.map(({ step, due, names }) => ({ step, due, names })),
      )
      assert.equal(alone.message.workflowRunId, given.workflowRunId)
    }
  })

  test('under a key that is known, pending or free, it writes nothing', async () => {
    const db = store()
    await accept(db, version, 'known', ['ada'])
    await accept(db, version, 'free', ['ada'])
    await cancel(db, version, 'free')
    const before = await counts(db)
    for (const key of ['known', 'free']) {
      assert.equal(await insertFirstTrigger(db, acceptance(key), null), null)
      assert.equal(await insertFirstTrigger(db, acceptance(key), answered(`of ${key}`)), null)
      assert.equal(await replayOf(db, `of ${key}`), null, 'and keeps no answer of what was not done')
    }
    assert.deepEqual(await counts(db), before)
  })

  test('its Idempotency-Key is kept with its answer, and a repeat writes nothing', async () => {
    const db = store()
    for (const key of ['once', null]) {
      const idempotencyKey = `once-${key}`
      assert.notEqual(await insertFirstTrigger(db, acceptance(key), answered(idempotencyKey)), null)
      const kept = { hash: 'h1', requestId: 'r1', response: { workflow_run_id: idempotencyKey } }
      assert.deepEqual(await replayOf(db, idempotencyKey), kept)
      const before = await counts(db)
      for (const again of [key, key === null ? null : 'another']) {
        assert.equal(await insertFirstTrigger(db, acceptance(again), answered(idempotencyKey)), null)
      }
      assert.deepEqual(await counts(db), before)
    }
  })

  test('of many at once, one writes', async () => {
    const db = store()
    const race = async (key: (i: number) => string | null, idempotencyKey: (i: number) => string | null) => {
      const before = await db.$count(triggers)
      const all = await Promise.all(
        Array.from({ length: 20 }, (_, i) => {
          const idempotent = idempotencyKey(i)
          return insertFirstTrigger(db, acceptance(key(i)), idempotent === null ? null : answered(idempotent))
        }),
      )
      assert.equal(all.filter((each) => each !== null).length, 1)
      assert.equal((await db.$count(triggers)) - before, 1)
    }
    await race(
      () => 'raced',
      () => null,
    )
    await race(
      () => 'raced with keys',
      (i) => `raced-${i}`,
    )
    await race(
      () => null,
      () => 'raced without a key',
    )
    await race(
      (i) => `raced-${i}`,
      () => 'raced under many keys',
    )
  })
})

test(
  'a request that holds the Idempotency-Key is waited for two seconds, not longer',
  { timeout: 120_000 },
  async (t) => {
    const database = await testPostgres()
    const store = openPostgres(database.url)
    t.after(async () => {
      await store.close()
      await database.drop()
    })
    await store.migrate()
    await publishCatalog(store.db, catalogOf(version))
    const [released, held] = [new AbortController(), new AbortController()]
    const first = transaction(store.db, async (tx) => {
      await takeKey(tx, answered('held'))
      await keepAnswer(tx, answered('held'), {})
      held.abort()
      await once(released.signal, 'abort')
    })
    await once(held.signal, 'abort')
    const started = performance.now()
    await assert.rejects(insertFirstTrigger(store.db, acceptance('waits'), answered('held')), {
      name: 'StoreError',
      sqlState: '55P03',
      fault: 'busy',
    })
    const waited = performance.now() - started
    assert.ok(waited > 1_900 && waited < 15_000, `${waited} ms`)
    released.abort()
    await first
  },
)
