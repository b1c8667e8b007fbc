import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { routes } from '../../api/routes/index.ts'
import { publishCatalog } from '../../store/catalog/definitions.ts'
import { startApi, type ApiServer } from '../../testing/product/api-server.ts'
import { assertRefused } from '../../testing/fixtures/refused.ts'
import { pendingRefusals } from '../../testing/fixtures/refusals/pending.ts'
import { recordRefusals } from '../../testing/fixtures/refusals/records.ts'
import { catalogOf, testVersion } from '../../testing/fixtures/versions.ts'

let api: ApiServer
before(async () => {
  const catalog = catalogOf(testVersion('invite', ['feed', 'wait', 'mail']))
  api = await startApi(catalog)
  api.clock.now = Date.parse('2026-03-01T12:00:00Z')
  await publishCatalog(api.deps.store.db, catalog)
})
after(() => api.close())

const refusals = { ...pendingRefusals, ...recordRefusals }
/** These have tables of their own: trigger.test.ts and cancel.test.ts. */
const elsewhere = ['post /v1/workflows/:key/trigger', 'post /v1/notify', 'post /v1/workflows/:key/cancel']
const routeOf = (name: string) =>
  routes.find(({ method, path }) => new RegExp(`^${method} ${path.replace(/:\w+/g, '[^/]+')}$`).test(name))!

test('every route that takes anything is in a table', () => {
  const takes = routes.filter(
    ({ params, query, body }) => body !== undefined || Object.keys({ ...params.shape, ...query.shape }).length > 0,
  )
  const tabled = new Set([...Object.keys(refusals).map((name) => routeOf(name)), ...elsewhere.map(routeOf)])
  assert.deepEqual(
    takes.filter((route) => !tabled.has(route)).map(({ method, path }) => `${method} ${path}`),
    [],
  )
})

for (const [name, cases] of Object.entries(refusals)) {
  const [method, ownPath] = name.split(' ') as [string, string]
  const userId = routeOf(name).path.includes(':user_id') ? 'user_id' : 'id'
  for (const { what, path = ownPath, query, body, status = 422, code = 'invalid_params', fields = [] } of cases) {
    test(`${method} ${routeOf(name).path}: ${what} is refused`, async () => {
      const url = query === undefined ? path : `${path}?${query}`
      const answer = await api.call(method.toUpperCase(), url, { ...(body !== undefined && { body }) })
      const expected = fields.map((field) => field.replace(/^ID /, `${userId} `))
      assert.deepEqual(assertRefused(answer, status, code), expected)
    })
  }
}
