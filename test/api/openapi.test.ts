import { Ajv2020 } from 'ajv/dist/2020.js'
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { errorCodes } from '../../api/http/errors.ts'
import { openApiDocument } from '../../api/http/openapi.ts'
import { routes } from '../../api/routes/index.ts'
import { startApi, type ApiServer } from '../../testing/product/api-server.ts'
import { catalog } from '../../testing/fixtures/seed.ts'

const read = (file: string) => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8')
const document = JSON.parse(JSON.stringify(openApiDocument(routes))) as Document

interface Operation {
  operationId: string
  responses: Record<string, unknown>
  requestBody?: { required: boolean; description: string }
}
interface Document {
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, { properties: Record<string, unknown> }> }
}

let api: ApiServer
before(async () => {
  api = await startApi(catalog)
})
after(() => api.close())

test('openapi.json is what the routes say now; if not, run npm run openapi', () => {
  assert.deepEqual(JSON.parse(read('openapi.json')), document)
})

test('every route is in the document once, with its answer and the errors of a missing key', () => {
  const all = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ name: `${method} ${path}`, operation })),
  )
  // Providers call it, without a key.
  const reports = 'post /v1/channels/{channel}/events'
  assert.ok(all.some(({ name }) => name === reports))
  const operations = all.filter(({ name }) => name !== reports)
  const names = routes.map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, '{$1}')}`)
  assert.deepEqual(operations.map(({ name }) => name).sort(), names.sort())
  assert.equal(new Set(operations.map(({ operation }) => operation.operationId)).size, names.length)
  for (const { name, operation } of operations) {
    for (const status of ['401', '403', '500', '503']) assert.ok(operation.responses[status], `${name} ${status}`)
    assert.ok(operation.responses['200'] ?? operation.responses['204'], name)
  }
})

test('every reference in the document leads somewhere', () => {
  const text = JSON.stringify(document)
  for (const [, kind, name] of text.matchAll(/"#\/components\/(\w+)\/([^"]+)"/g)) {
    const components = document.components as unknown as Record<string, Record<string, unknown>>
    assert.ok(components[kind!]?.[name!], `${kind} ${name}`)
  }
})

test('its schemas are JSON Schema of 2020-12, and take null where an answer may hold it', () => {
  const ajv = new Ajv2020({ strict: false, validateFormats: false })
  ajv.addSchema({ $id: 'belay', components: document.components })
  const validate = ajv.compile({ $ref: 'belay#/components/schemas/WorkflowRecipientRun/properties/actor' })
  assert.equal(validate(null), true)
  assert.equal(validate('ada'), true)
  assert.equal(validate({ collection: 'teams', id: 'a' }), true)
  assert.equal(validate(1), false)
})

test('the document and a page to read it are served without a key, from here alone', async () => {
  const served = await api.call('GET', '/openapi.json', { key: null })
  assert.equal(served.status, 200)
  assert.deepEqual(served.body, document)
  const page = await api.call('GET', '/docs/', { key: null })
  assert.equal(page.status, 200)
  const html = page.body as string
  const files = [...html.matchAll(/(?:src|href)="([^"#][^"]*)"/g)].map((match) => match[1]!)
  assert.ok(files.length >= 2)
  for (const file of files) {
    assert.ok(!/^(https?:)?\/\//.test(file), `${file} is not from here`)
    assert.equal((await fetch(new URL(file, `${api.url}/docs/`))).status, 200, file)
  }
  assert.doesNotMatch(html, /<script|javascript:/i)
  for (const { path } of routes) assert.ok(html.includes(path.replace(/:(\w+)/g, '{$1}')), path)
  for (const [, id] of html.matchAll(/href="#(\w+)"/g)) assert.ok(html.includes(`id="${id}"`), id)
  const redirected = await fetch(`${api.url}/docs`)
  assert.deepEqual([redirected.status, new URL(redirected.url).pathname], [200, '/docs/'])
  const policy = page.headers.get('content-security-policy') ?? ''
  assert.match(policy, /default-src 'none'/)
  assert.doesNotMatch(policy, /upgrade-insecure-requests/)
})

test('every error code is in docs/errors.md with its status and type, and no other is', () => {
  const rows = read('docs/errors.md').matchAll(/^\| `(\w+)` +\| (\d{3}) +\| `(\w+)` +\|/gm)
  const documented = [...rows].map(([, code, status, type]) => ({ code, status: Number(status), type }))
  const known = Object.entries(errorCodes).map(([code, { status, type }]) => ({ code, status, type }))
  assert.deepEqual(documented, known)
})

test('a body that a call cannot do without is required, and its limits are told', () => {
  for (const route of routes) {
    if (route.body === undefined) continue
    const path = route.path.replace(/:(\w+)/g, '{$1}')
    const { requestBody } = document.paths[path]![route.method]!
    assert.equal(requestBody?.required, route.needsBody === true || !route.body.safeParse({}).success, path)
    assert.match(requestBody.description, route.largeBody === true ? /20 MB/ : /1 MB/)
  }
  const trigger = document.paths['/v1/workflows/{key}/trigger']!['post']!
  assert.equal(trigger.requestBody?.required, true)
})

test('the header that warns of ignored fields is told of each call that takes a body, and of no other', () => {
  for (const route of routes) {
    const path = route.path.replace(/:(\w+)/g, '{$1}')
    const ok = document.paths[path]![route.method]!.responses['200'] as { headers?: object } | undefined
    const told = Object.keys(ok?.headers ?? {}).includes('belay-warning')
    assert.equal(told, route.body !== undefined && ok !== undefined, path)
  }
})
