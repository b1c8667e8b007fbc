import { sql } from 'drizzle-orm'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { storeIdentity } from '../../store/environment/store-identity.ts'
import { beginEpoch, isBehind, raiseMark } from '../../store/environment/store-mark.ts'
import { query } from '../../store/postgres/database.ts'
import { catalogOf } from '../../testing/fixtures/versions.ts'
import { onEachStore } from '../../testing/servers/each-store.ts'

const MINUTE = 60_000

onEachStore(catalogOf(), (store) => {
  test('a store counts the minutes, and one behind its own mark begins a new epoch, once, with ids of its own', async () => {
    const db = store()
    const { id } = await storeIdentity(db)
    const now = Date.now()
    const first = await raiseMark(db, now)
    assert.deepEqual(first, { id, epoch: 1, counter: first.counter })
    assert.deepEqual(await raiseMark(db, now + MINUTE / 2), first)
    assert.equal((await raiseMark(db, now + MINUTE)).counter, first.counter + 1)
    // A clock that was an hour ahead does not stop the count.
    assert.equal((await raiseMark(db, now - 60 * MINUTE)).counter, first.counter + 2)

    const ahead = { id, epoch: 1, counter: first.counter + 2 }
    assert.equal(await isBehind(db, ahead), false)
    assert.equal(await beginEpoch(db, ahead), undefined)
    const further = { ...ahead, counter: ahead.counter + 5 }
    assert.equal(await isBehind(db, { ...further, id: '0fd0d3a9-0d4a-4a3e-9c7a-2d9a3f0f7a11' }), false)
    assert.equal(await isBehind(db, further), true)
    const trigger = () => query<{ id: number }>(db, sql`select nextval('triggers_id_seq')::float8 as id`)
    const [before] = await trigger()
    const begun = await Promise.all([beginEpoch(db, further), beginEpoch(db, further)])
    assert.deepEqual(
      begun.filter((each) => each !== undefined),
      [{ id, epoch: 2 }],
    )
    const [after] = await trigger()
    assert.ok(after!.id > before!.id + 9_000_000 && after!.id < before!.id + 11_000_000, String(after!.id))
    assert.equal(await isBehind(db, further), false)
    // What another process marked in a later epoch is further, whatever it counted.
    assert.equal(await isBehind(db, { id, epoch: 3, counter: 0 }), true)
  })
})
