import { sql } from 'drizzle-orm'
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { settleMerges } from '../../engine/merge-users.ts'
import { publishCatalog } from '../../store/catalog/definitions.ts'
import { openPostgres, query, type Database } from '../../store/postgres/database.ts'
import { accept, walk } from '../../testing/fixtures/recipient-runs.ts'
import { emailChannel } from '../../testing/fixtures/seed.ts'
import { catalogOf, testVersion } from '../../testing/fixtures/versions.ts'
import { startApi, type ApiServer } from '../../testing/product/api-server.ts'
import { testPostgres, type TestDatabase } from '../../testing/servers/postgres.ts'

// On a real Postgres, where callers meet in its locks.
const invite = testVersion('invite', ['feed', 'wait', 'mail'])
const ROUNDS = 4
const CALLS = 40

let database: TestDatabase
let api: ApiServer
let db: Database
before(async () => {
  database = await testPostgres()
  const store = openPostgres(database.url, { connections: 20 })
  db = store.db
  api = await startApi(catalogOf(invite), store)
  await publishCatalog(db, api.deps.catalog)
})
after(async () => {
  await api.close()
  await database.drop()
})

/** Everything that names a recipient and must not be left under an id that means somebody else. */
const TABLES = [
  ['users', 'id'],
  ['recipient_runs', 'recipient'],
  ['messages', 'recipient'],
  ['preference_sets', 'recipient'],
  ['channel_data', 'recipient'],
  ['subscriptions', 'recipient'],
] as const

test('users merged into each other from all sides, while they are triggered, walk and are canceled, lose nothing', async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const ids = Array.from({ length: 5 }, (_, n) => `r${round}p${n}`)
    const some = (n: number) => ids[n % ids.length]!
    for (const id of ids) await api.call('PUT', `/v1/users/${id}`, { body: { name: id } })
    const calls = Array.from({ length: CALLS }, async (_, n): Promise<[string, number]> => {
      const [one, two, key] = [some(n), some(n * 3 + 1), `r${round}k${n % 7}`]
      const post = async (path: string, body: object) => (await api.call('POST', path, { body })).status
      switch (n % 8) {
        case 0:
          return ['merge', await post(`/v1/users/${one}/merge`, { from_user_id: two })]
        case 1:
        case 2:
        case 3:
          return [
            'trigger',
            await post('/v1/workflows/invite/trigger', { recipients: [one, two], cancelation_key: key }),
          ]
        case 4: {
          const { rows } = await accept(db, invite, key, [one])
          await walk(db, invite, rows[0]!)
          return ['trigger', 200]
        }
        case 5:
          return ['cancel', await post('/v1/workflows/invite/cancel', { cancelation_key: key, recipients: [one] })]
        case 6: {
          const body = { channel_types: { email: n % 2 === 0 } }
          return ['set', (await api.call('PUT', `/v1/users/${one}/preferences/default`, { body })).status]
        }
        default: {
          const body = { data: { tokens: [`t${n}`] } }
          await post(`/v1/objects/teams/r${round}/subscriptions`, { recipients: [two] })
          return ['set', (await api.call('PUT', `/v1/users/${one}/channel_data/${emailChannel.id}`, { body })).status]
        }
      }
    })
    for (const [what, status] of await Promise.all(calls)) {
      const allowed = what === 'merge' ? [200, 404, 422] : what === 'cancel' ? [200, 404] : [200]
      assert.ok(allowed.includes(status), `${what}: ${status}`)
    }
    await settleMerges(api.deps)
    const chains = await query(
      db,
      sql`select a.from_id from merged_users a join merged_users b on b.from_id = a.into_id`,
    )
    assert.deepEqual(chains, [], 'nobody means who means somebody else')
    for (const [table, column] of TABLES) {
      const left = await query(
        db,
        sql`select * from ${sql.raw(table)} where ${sql.raw(column)} in (select from_id from merged_users)`,
      )
      assert.deepEqual(left, [], `of ${table} nothing is left under an old id`)
    }
    // By any id that means them, each who is pending is canceled.
    for (let n = 0; n < 7; n += 1) {
      const body = { cancelation_key: `r${round}k${n}`, recipients: ids }
      await api.call('POST', '/v1/workflows/invite/cancel', { body })
    }
    const [pending] = await query<{ n: number }>(
      db,
      sql`select count(*)::int as n from recipient_runs where status = 'waiting' and cancel_id is null
          and recipient like ${`r${round}p%`}`,
    )
    assert.equal(pending!.n, 0)
  }
})
