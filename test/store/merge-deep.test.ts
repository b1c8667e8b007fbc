import { sql } from 'drizzle-orm'
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { query, transaction, type Database, type Store } from '../../store/postgres/database.ts'
import { mergeProperties, type ProfileTable } from '../../store/profiles/merge-deep.ts'
import { upsertUsers } from '../../store/profiles/users.ts'
import type { JsonObject } from '../../store/schema/index.ts'
import { until } from '../../testing/fixtures/until.ts'
import { testStore } from '../../testing/servers/postgres.ts'

let store: Store
before(async () => {
  store = await testStore()
})
after(() => store.close())

const propertiesOf = async (table: ProfileTable, id: string) => {
  const rows = await query<{ properties: JsonObject }>(
    store.db,
    sql`select properties from ${sql.raw(table)} where id = ${id}`,
  )
  return rows.map(({ properties }) => properties)
}

/** `second` begins while `first` has written and is not through; `meanwhile` is what `first` does once `second` waits for it. */
async function atOnce(
  first: (tx: Database) => Promise<unknown>,
  second: (tx: Database) => Promise<unknown>,
  meanwhile: (tx: Database) => Promise<unknown> = () => Promise.resolve(),
) {
  let later: Promise<unknown> | undefined
  await transaction(store.db, async (tx) => {
    await first(tx)
    later = transaction(store.db, second)
    later.catch(() => undefined)
    await until('the second waits for the first', async () => {
      const waiting = sql`select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`
      return (await query(store.db, waiting)).length > 0
    })
    await meanwhile(tx)
  })
  await later
}

for (const [table, ...collection] of [['users'], ['objects', 'teams'], ['tenants']] as const)
  test(`of two at once who make the same of ${table}, each keeps what it laid within a field`, async () => {
    const lay = (properties: JsonObject) => (tx: Database) =>
      mergeProperties(tx, table, [{ key: [...collection, 'new'], properties }])
    await atOnce(lay({ plan: { seats: 1, by: 'first' } }), lay({ plan: { free: true, by: 'second' } }))
    assert.deepEqual(await propertiesOf(table, 'new'), [{ plan: { seats: 1, free: true, by: 'second' } }])
  })

test('whoever is made is told as changed, with nothing laid, too, and nobody of whom nothing changes', async () => {
  const lay = (properties: JsonObject) =>
    mergeProperties(store.db, 'users', [
      { key: ['made'], properties },
      { key: ['other'], properties: { a: 1 } },
    ])
  assert.deepEqual((await lay({})).sort(), ['made', 'other'])
  assert.deepEqual([await propertiesOf('users', 'made'), await propertiesOf('users', 'other')], [[{}], [{ a: 1 }]])
  assert.deepEqual(await lay({}), [])
  assert.deepEqual(await lay({ b: { c: 2 } }), ['made'])
})

test('who writes of somebody stored and somebody new holds neither before it has those that come first', async () => {
  await upsertUsers(store.db, [{ id: 'a', properties: { n: 1 } }])
  const write = (id: string) => (tx: Database) => upsertUsers(tx, [{ id, properties: { n: 2 } }])
  const lay = (tx: Database) =>
    mergeProperties(
      tx,
      'users',
      ['b', 'a'].map((id) => ({ key: [id], properties: { m: 1 } })),
    )
  // Did it hold b by then, each would wait for the other.
  await atOnce(write('a'), lay, write('b'))
  assert.deepEqual(
    [await propertiesOf('users', 'a'), await propertiesOf('users', 'b')],
    [[{ n: 2, m: 1 }], [{ n: 2, m: 1 }]],
  )
})
