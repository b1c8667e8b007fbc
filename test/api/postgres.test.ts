import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { z } from 'zod'
import type { feed } from '../../resources/feed.ts'
import type { message } from '../../resources/message.ts'
import { openPostgres, type Database } from '../../store/postgres/database.ts'
import { startApi, type ApiServer } from '../../testing/product/api-server.ts'
import { testPostgres, type TestDatabase } from '../../testing/servers/postgres.ts'
import { catalog, feedChannel, seedChannels, seedMessage, seedTrigger } from '../../testing/fixtures/seed.ts'

// On a real Postgres: parameters get their types from the statement, and callers meet in its locks.
let database: TestDatabase
let api: ApiServer
let db: Database
before(async () => {
  database = await testPostgres()
  api = await startApi(catalog, openPostgres(database.url))
  db = api.deps.store.db
  await seedChannels(db)
})
after(async () => {
  await api.close()
  await database.drop()
})

type Message = z.output<typeof message>

async function seedMany(recipient: string, count: number): Promise<string[]> {
  const seeded = await seedTrigger(db, { recipients: Array(count).fill(recipient) as string[], actor: 'teams#red' })
  const ids: string[] = []
  for (const run of seeded) ids.push(await seedMessage(db, run))
  return ids
}

test('statuses set at the same time, in opposite orders, are all kept and nobody waits for ever', async () => {
  const ids = await seedMany('many', 20)
  const actions = ['seen', 'read', 'archived', 'interacted']
  const calls = Array.from({ length: 24 }, (_, i) =>
    api.call('POST', `/v1/messages/batch/${actions[i % 4]!}`, {
      body: { message_ids: i % 2 === 0 ? ids : [...ids].reverse() },
    }),
  )
  for (const answer of await Promise.all(calls)) assert.equal(answer.status, 200)
  const { items } = (await api.call('GET', '/v1/users/many/messages')).body as { items: Message[] }
  assert.equal(items.length, 20)
  for (const { engagement_statuses: statuses } of items) {
    assert.deepEqual(statuses, ['seen', 'read', 'interacted', 'archived'])
  }
})

test('users upserted at the same time, in opposite orders, are all merged', async () => {
  const put = (name: string) => api.call('PUT', '/v1/users/merged', { body: { [name]: 1 } })
  const names = Array.from({ length: 20 }, (_, i) => `field_${i}`)
  for (const answer of await Promise.all(names.map(put))) assert.equal(answer.status, 200)
  const user = (await api.call('GET', '/v1/users/merged')).body as Record<string, unknown>
  for (const name of names) assert.equal(user[name], 1)
})

test('lists, feeds and runs page through what was written', async () => {
  const ids = await seedMany('pages', 3)
  const data = `trigger_data=${encodeURIComponent('{"plan":"pro"}')}`
  assert.deepEqual(((await api.call('GET', `/v1/messages?${data}`)).body as { items: Message[] }).items, [])
  const path = `/v1/users/pages/feeds/${feedChannel.id}`
  const first = (await api.call('GET', `${path}?page_size=2`)).body as z.output<typeof feed>
  const next = await api.call('GET', `${path}?page_size=2&after=${first.page_info.after}`)
  const entries = [...first.entries, ...(next.body as z.output<typeof feed>).entries]
  assert.deepEqual(
    entries.map(({ id }) => id),
    [...ids].reverse(),
  )
  const runs = await api.call(
    'GET',
    '/v1/workflow_recipient_runs?recipient=pages&status[]=queued&status[]=paused&page_size=2',
  )
  const { page_info } = runs.body as { page_info: { after: string } }
  const rest = await api.call('GET', `/v1/workflow_recipient_runs?recipient=pages&after=${page_info.after}`)
  const [run] = (rest.body as { items: { id: string }[] }).items
  assert.equal((await api.call('GET', `/v1/workflow_recipient_runs/${run!.id}`)).status, 200)
})
