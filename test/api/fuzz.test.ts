import fc from 'fast-check'
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { routes } from '../../api/routes/index.ts'
import { publishCatalog } from '../../store/catalog/definitions.ts'
import { openPostgres } from '../../store/postgres/database.ts'
import { hostileRequests } from '../../testing/fixtures/hostile-requests.ts'
import { catalogOf, testVersion } from '../../testing/fixtures/versions.ts'
import { SECRET_KEY, startApi, type ApiServer } from '../../testing/product/api-server.ts'
import { testPostgres, type TestDatabase } from '../../testing/servers/postgres.ts'

const RUNS = 40

let api: ApiServer
let database: TestDatabase
before(async () => {
  const catalog = catalogOf(testVersion('invite', ['feed', 'wait', 'mail']))
  database = await testPostgres()
  api = await startApi(catalog, openPostgres(database.url))
  await publishCatalog(api.deps.store.db, catalog)
})
after(async () => {
  await api.close()
  await database.drop()
})

for (const route of routes) {
  test(
    `${route.method} ${route.path}: whatever it is sent, it answers as documented`,
    { timeout: 600_000 },
    async () => {
      await fc.assert(
        fc.asyncProperty(hostileRequests(route), async ({ path, query, sent }) => {
          const response = await fetch(`${api.url}${path}?${query}`, {
            method: route.method.toUpperCase(),
            headers: { authorization: `Bearer ${SECRET_KEY}` },
            ...(sent !== undefined && { body: JSON.stringify(sent) }),
          })
          const answer = await response.text()
          assert.ok(response.status < 500, `${response.status} ${path}?${query} ${JSON.stringify(sent)} ${answer}`)
          if (response.status === 200 && new URL(response.url).pathname === path)
            route.response.parse(JSON.parse(answer))
          if (response.status >= 400) assert.ok('errors' in (JSON.parse(answer) as object))
        }),
        { numRuns: RUNS, endOnFailure: true },
      )
    },
  )
}
