import fc from 'fast-check'
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { routes } from '../../api/routes/index.ts'
import { publishCatalog } from '../../store/catalog/definitions.ts'
import { openPostgres } from '../../store/postgres/database.ts'
import { inUrl, objectOf, text, value } from '../../testing/fixtures/anything.ts'
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

/** A value for some of the names that a schema has, and of one that it has not. */
function fields(schema: unknown): fc.Arbitrary<Record<string, unknown>> {
  const { shape = {} } = schema as { shape?: Record<string, unknown> }
  const names = [...Object.keys(shape), 'another']
  return objectOf(names)
}

function queryOf(given: Record<string, unknown>): string {
  const parts = Object.entries(given).flatMap(([name, each]) => {
    if (Array.isArray(each)) return each.map((inner) => [`${name}[]`, inner] as const)
    if (typeof each !== 'object' || each === null) return [[name, each] as const]
    return Object.entries(each).map(([key, inner]) => [`${name}[${key}]`, inner] as const)
  })
  return parts.map(([name, each]) => `${inUrl(name)}=${inUrl(String(each))}`).join('&')
}

for (const route of routes) {
  test(
    `${route.method} ${route.path}: whatever it is sent, it answers as documented`,
    { timeout: 600_000 },
    async () => {
      const names = [...route.path.matchAll(/:(\w+)/g)].map(([, name]) => name!)
      const params = fc.tuple(...names.map(() => text))
      const body =
        route.body === undefined
          ? fc.constant(undefined)
          : fc.oneof({ weight: 4, arbitrary: fields(route.body) }, { weight: 1, arbitrary: value })
      await fc.assert(
        fc.asyncProperty(params, fields(route.query), body, async (given, query, sent) => {
          let index = 0
          const path = route.path.replace(/:\w+/g, () => inUrl(given[index++] || 'ada'))
          const response = await fetch(`${api.url}${path}?${queryOf(query)}`, {
            method: route.method.toUpperCase(),
            headers: { authorization: `Bearer ${SECRET_KEY}` },
            ...(sent !== undefined && { body: JSON.stringify(sent) }),
          })
          const answer = await response.text()
          assert.ok(
            response.status < 500,
            `${response.status} ${path}?${queryOf(query)} ${JSON.stringify(sent)} ${answer}`,
          )
          if (response.status === 200 && new URL(response.url).pathname === path)
            route.response.parse(JSON.parse(answer))
          if (response.status >= 400) assert.ok('errors' in (JSON.parse(answer) as object))
        }),
        { numRuns: RUNS, endOnFailure: true },
      )
    },
  )
}
