import { sql } from 'drizzle-orm'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { query, transaction, type Database } from '../../store/postgres/database.ts'
import { forgetIdempotencyKeys } from '../../store/idempotency/forget.ts'
import { keepAnswer, takeKey, type IdempotentRequest, type Replay } from '../../store/idempotency/idempotency.ts'
import { onEachStore } from '../../testing/servers/each-store.ts'
import { catalogOf } from '../../testing/fixtures/versions.ts'

const request = (key: string, given: Partial<IdempotentRequest> = {}): IdempotentRequest => {
  return { scope: 'abc trigger invite', key, hash: 'h1', requestId: 'r1', ...given }
}
const run = (db: Database, given: IdempotentRequest, answer: object): Promise<Replay | null> =>
  transaction(db, async (tx) => {
    const replay = await takeKey(tx, given)
    if (replay === null) await keepAnswer(tx, given, answer)
    return replay
  })
const age = (db: Database, key: string, hours: number) =>
  db.execute(sql`update idempotency_keys set created_at = now() - ${hours} * interval '1 hour' where key = ${key}`)

onEachStore(catalogOf(), (store) => {
  test('the second request with a key gets the first’s answer, hash and request id', async () => {
    const answer = { workflow_run_id: 'x', replaced: null, list: [1, 'ü'] }
    assert.equal(await run(store(), request('twice'), answer), null)
    const replay = await run(store(), request('twice', { hash: 'h2', requestId: 'r2' }), { other: true })
    assert.deepEqual(replay, { hash: 'h1', requestId: 'r1', response: answer })
  })

  test('keys are compared byte for byte, and within their scope', async () => {
    for (const key of ['Key', 'key', 'key ', 'k\u00e9y', 'ke\u0301y', 'k'.repeat(255), '💥'.repeat(127)]) {
      assert.equal(await run(store(), request(key), {}), null, key)
    }
    assert.equal(await run(store(), request('key', { scope: 'abc cancel invite' }), {}), null)
    assert.notEqual(await run(store(), request('key'), {}), null)
  })

  test('what was not committed is not replayed', async () => {
    const refused = transaction(store(), async (tx) => {
      await takeKey(tx, request('refused'))
      throw new Error('refused')
    })
    await assert.rejects(refused, /refused/)
    assert.equal(await run(store(), request('refused', { requestId: 'r2' }), {}), null)
  })

  test('a key is forgotten after 24 hours, by whoever comes with it or by housekeeping', async () => {
    const db = store()
    for (const [key, hours] of [
      ['young', 23],
      ['old', 25],
      ['older', 26],
    ] as const) {
      await run(db, request(key), { first: true })
      await age(db, key, hours)
    }
    assert.deepEqual((await run(db, request('young'), {}))?.response, { first: true })
    assert.equal(await run(db, request('old', { hash: 'h2', requestId: 'r2' }), { second: true }), null)
    const { response, hash } = (await run(db, request('old'), {}))!
    assert.deepEqual([response, hash], [{ second: true }, 'h2'])
    await forgetIdempotencyKeys(db, Date.now())
    const left = await query<{ key: string }>(db, sql`select key from idempotency_keys where key in ('young', 'older')`)
    assert.deepEqual(left, [{ key: 'young' }])
  })
})
