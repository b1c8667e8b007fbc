import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { publishCatalog } from '../../store/catalog/definitions.ts'
import { startApi, type ApiServer } from '../../testing/product/api-server.ts'
import { catalogOf, testVersion } from '../../testing/fixtures/versions.ts'

/** Eight of JSON, and what else an answer holds. */
const MOST_BYTES = 9 * 1024 * 1024
const long = 'x'.repeat(250_000)
/** A few more than an answer holds with a long text each. */
const numbers = Array.from({ length: 35 }, (_, n) => String(n).padStart(2, '0'))
const names = numbers.map((n) => `user-${n}`)

let api: ApiServer
before(async () => {
  api = await startApi(catalogOf(testVersion('invite', ['feed'])))
  await publishCatalog(api.deps.store.db, api.deps.catalog)
  for (const id of names) await ok('PUT', `/v1/users/${id}`, { long })
})
after(() => api.close())

async function ok<Body>(method: 'GET' | 'PUT' | 'POST' | 'DELETE', path: string, body?: object): Promise<Body> {
  const answer = await api.call(method, path, body === undefined ? {} : { body })
  assert.equal(answer.status, 200, JSON.stringify(answer.body))
  assert.ok(JSON.stringify(answer.body).length < MOST_BYTES, `${method} ${path} answers too much`)
  return answer.body as Body
}

interface Entry {
  recipient: { id: string; long?: string }
  data?: { long: string }
}

/** Who is in a list, read to its end; each is shown in full. */
async function readAll(path: string, size = 50): Promise<string[]> {
  const found: string[] = []
  for (let after: string | null = null, first = true; first || after !== null; first = false) {
    const query: string = after === null ? '' : `&after=${encodeURIComponent(after)}`
    const page = await ok<{ entries: Entry[]; page_info: { after: string | null } }>(
      'GET',
      `${path}?page_size=${size}${query}`,
    )
    for (const { recipient, data } of page.entries) {
      assert.equal((data ?? recipient).long?.length, long.length)
      found.push(recipient.id)
    }
    after = page.page_info.after
  }
  return found.sort()
}

test('subscribers of whom much is kept are listed over several pages, and none is left out', async () => {
  const path = '/v1/objects/teams/large/subscriptions'
  const added = await ok<Entry[]>('POST', path, { recipients: names })
  assert.deepEqual([added.length, added.some(({ recipient }) => recipient.long === undefined)], [names.length, true])
  assert.deepEqual(await readAll(path), names)
})

test('schedules with much data are listed over several pages, and none is left out', async () => {
  const recipients = numbers.map((n) => `other-${n}`)
  const about = { workflow: 'invite', data: { long }, repeats: [{ frequency: 'daily' }] }
  for (const some of [recipients.slice(0, 18), recipients.slice(18)])
    await ok('POST', '/v1/schedules', { ...about, recipients: some })
  assert.deepEqual(await readAll('/v1/schedules'), recipients)
})

test('properties of a subscription and data of a schedule are bounded', async () => {
  const refused = async (path: string, body: object, field: string) => {
    const { status, body: told } = await api.call('POST', path, { body })
    assert.deepEqual([status, (told as { errors: { field: string }[] }).errors[0]!.field], [422, field])
  }
  const subscription = { recipients: ['ada'], properties: { text: 'x'.repeat(16_384) } }
  await refused('/v1/objects/teams/large/subscriptions', subscription, 'properties')
  const schedule = { workflow: 'invite', recipients: ['ada'], repeats: [{ frequency: 'daily' }] }
  await refused('/v1/schedules', { ...schedule, data: { text: 'x'.repeat(262_144) } }, 'data')
})
