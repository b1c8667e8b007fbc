import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { carryOnBulk } from '../../engine/bulk-operations.ts'
import { KeyedMutex } from '../../engine/keyed-mutex.ts'
import { publishCatalog } from '../../store/catalog/definitions.ts'
import { accept, rowNow } from '../../testing/fixtures/recipient-runs.ts'
import { catalogOf, testVersion } from '../../testing/fixtures/versions.ts'
import { startApi, type ApiServer } from '../../testing/product/api-server.ts'

const invite = testVersion('invite', ['wait', 'mail'])
let api: ApiServer
before(async () => {
  api = await startApi(catalogOf(invite))
  await publishCatalog(api.deps.store.db, api.deps.catalog)
})
after(() => api.close())

/** Calls for the first key wait until something has happened. */
class Held extends KeyedMutex {
  readonly #meanwhile: () => Promise<void>
  #isFirst = true

  constructor(meanwhile: () => Promise<void>) {
    super()
    this.#meanwhile = meanwhile
  }

  override async run<Result>(key: string | null, work: () => Promise<Result>): Promise<Result> {
    if (this.#isFirst) {
      this.#isFirst = false
      await this.#meanwhile()
    }
    return super.run(key, work)
  }
}

test('who was deleted in bulk, and is there anew, is not canceled by a worker that stood still meanwhile', async () => {
  const { db } = api.deps.store
  const user_ids = ['ada', 'bob']
  for (const id of user_ids) await api.call('PUT', `/v1/users/${id}`, { body: { name: id } })
  const old = await accept(db, invite, 'old', user_ids)
  const { body } = await api.call('POST', '/v1/users/bulk/delete', { body: { user_ids } })
  const { id } = body as { id: string }
  let anew: number[] = []
  const mutex = new Held(async () => {
    while (!(await carryOnBulk(api.deps, id)));
    await api.call('PUT', '/v1/users/bob', { body: { name: 'Bob' } })
    anew = (await accept(db, invite, 'new', ['bob'])).rows
  })
  await carryOnBulk({ ...api.deps, mutex }, id)
  const statuses = await Promise.all([...old.rows, ...anew].map(async (row) => (await rowNow(db, row)).status))
  assert.deepEqual(statuses, ['canceled', 'canceled', 'waiting'])
  assert.equal(await carryOnBulk(api.deps, id), true)
})
