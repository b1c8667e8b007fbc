import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { openPostgres } from '../../store/postgres/database.ts'
import { feedChannel, seedChannels, seedMessage, seedTrigger, catalog } from '../../testing/fixtures/seed.ts'
import { SECRET_KEY, startApi, type ApiServer } from '../../testing/product/api-server.ts'
import { testPostgres, type TestDatabase } from '../../testing/servers/postgres.ts'

const MB = 1_024 * 1_024
const MOST = 9 * MB

let api: ApiServer
let database: TestDatabase
const ids: string[] = []
before(async () => {
  database = await testPostgres()
  api = await startApi(catalog, openPostgres(database.url))
  const { db } = api.deps.store
  await seedChannels(db)
  const text = (length: number) =>
    Array.from({ length: length / 8 }, (_, i) => i.toString(16).padStart(8, '0')).join('')
  const seed = async (recipient: string, count: number, bytes: number) => {
    const data = { text: text(bytes), nested: { text: 'x' } }
    const runs = await seedTrigger(db, { recipients: Array.from({ length: count }, () => recipient), data })
    for (const run of runs) ids.push(await seedMessage(db, run))
  }
  await seed('ada', 40, MB)
  await seed('bob', 3, 9 * MB)
})
after(async () => {
  await api.close()
  await database.drop()
})

interface Page {
  items?: { id: string }[]
  entries?: { id: string }[]
  page_info: { after: string | null; before: string | null }
}

async function get(path: string): Promise<{ bytes: number; page: Page }> {
  const response = await fetch(api.url + path, { headers: { authorization: `Bearer ${SECRET_KEY}` } })
  const text = await response.text()
  assert.equal(response.status, 200, text.slice(0, 300))
  return { bytes: text.length, page: JSON.parse(text) as Page }
}

/** Ids in their order, over all pages, none of which is too large. */
async function walk(path: string, most: number, pageSize = 50): Promise<string[]> {
  const seen: string[] = []
  let after: string | null = ''
  while (after !== null) {
    const { bytes, page }: { bytes: number; page: Page } = await get(
      `${path}${path.includes('?') ? '&' : '?'}page_size=${pageSize}${after === '' ? '' : `&after=${after}`}`,
    )
    assert.ok(bytes <= most, `${bytes} bytes`)
    seen.push(...(page.items ?? page.entries ?? []).map(({ id }) => id))
    after = page.page_info.after
  }
  return seen
}

const feed = (user: string) => `/v1/users/${user}/feeds/${feedChannel.id}`
const newestFirst = (count: number, from = 0) => ids.slice(from, from + count).sort()

test('a page of a list is bounded in bytes, and the pages together are the list', { timeout: 600_000 }, async () => {
  assert.deepEqual((await walk('/v1/users/ada/messages', MOST)).sort(), newestFirst(40))
  assert.deepEqual((await walk('/v1/users/ada/messages', MOST, 3)).sort(), newestFirst(40))
  assert.deepEqual((await walk(feed('ada'), MOST)).sort(), newestFirst(40))
  assert.deepEqual((await walk(`${feed('ada')}?mode=compact`, MOST)).sort(), newestFirst(40))
})

test('backwards, a page is what lies next to its cursor', { timeout: 600_000 }, async () => {
  const all = await walk('/v1/users/ada/messages', MOST)
  const { page: last } = await get('/v1/users/ada/messages?page_size=1')
  let cursor = last.page_info.after!
  for (let i = 0; i < 3; i += 1) cursor = (await get(`/v1/users/ada/messages?after=${cursor}`)).page.page_info.after!
  const { page } = await get(`/v1/users/ada/messages?before=${cursor}`)
  const found = page.items!.map(({ id }) => id)
  assert.deepEqual(found, all.slice(all.indexOf(found[0]!), all.indexOf(found[0]!) + found.length))
  assert.ok(found.length < 10 && page.page_info.before !== null)
})

test('one row that is larger than a page is a page of its own', { timeout: 600_000 }, async () => {
  assert.deepEqual((await walk('/v1/users/bob/messages', 10 * MB)).sort(), newestFirst(3, 40))
  assert.deepEqual((await walk(feed('bob'), 19 * MB)).sort(), newestFirst(3, 40))
})

test('what is excluded is not loaded, and makes room for more', { timeout: 600_000 }, async () => {
  const { page, bytes } = await get(`${feed('ada')}?exclude=entries.data,entries.activities`)
  assert.equal(page.entries?.length, 40)
  assert.ok(bytes < MB)
  const without = await get(`${feed('ada')}?exclude=entries.data,entries.activities.data,entries.blocks`)
  assert.equal(without.page.entries?.length, 40)
})

test('a batch answers every message, and leaves data out where there is too much', { timeout: 600_000 }, async () => {
  const answer = await api.call('POST', '/v1/messages/batch/seen', { body: { message_ids: ids } })
  const messages = answer.body as { id: string; data: object; data_omitted?: true; seen_at: string | null }[]
  assert.deepEqual(
    messages.map(({ id }) => id),
    ids,
  )
  assert.ok(messages.every(({ seen_at }) => seen_at !== null))
  assert.ok(JSON.stringify(messages).length < MOST)
  const omitted = messages.filter(({ data_omitted }) => data_omitted)
  assert.ok(omitted.length > 30 && omitted.length < 43)
  assert.ok(omitted.every(({ data }) => Object.keys(data).length === 0))
})
