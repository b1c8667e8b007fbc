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

const tabled = new Set([...Object.keys(refusals).map((name) => routeOf(name)), ...elsewhere.map(routeOf)])
const others = routes.filter((route) => !tabled.has(route))

// Whatever its fields are, no route takes a body that is no object, or a path that cannot be stored.
for (const { method, path, params, body } of others) {
  if (body !== undefined) {
    test(`${method} ${path}: a body that is no object is refused`, async () => {
      for (const wrong of [[], 'a', 5]) {
        const { status } = await api.call(method.toUpperCase(), path.replace(/:\w+/g, 'ada'), { body: wrong })
        assert.ok([400, 422].includes(status), `${status} for ${JSON.stringify(wrong)}`)
      }
    })
  }
  if (Object.keys(params.shape).length > 0) {
    test(`${method} ${path}: a path with U+0000 is refused`, async () => {
      const given = body === undefined ? {} : { body: {} }
      const { status } = await api.call(method.toUpperCase(), path.replace(/:\w+/g, 'a%00b'), given)
      assert.ok([400, 404, 422].includes(status), String(status))
    })
  }
}

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
