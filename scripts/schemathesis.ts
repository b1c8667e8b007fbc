// npm run test:schemathesis: holds a running api against its own /openapi.json for a minute, by schemathesis (PyPI), found as
// `st` on the PATH or named by SCHEMATHESIS. No 5xx, no answer that the document does not have. Options are handed on to it.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { openPostgres, openPglite } from '../store/postgres/database.ts'
import { publishCatalog } from '../store/catalog/definitions.ts'
import { catalogOf, testVersion } from '../testing/fixtures/versions.ts'
import { SECRET_KEY, startApi } from '../testing/product/api-server.ts'

const SECONDS = 60
/** Answers that only tell whether a made-up value was wrong enough are ours to decide: unknown fields are ignored, say. */
const CHECKS = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_headers_conformance',
  'response_schema_conformance',
  'unsupported_method',
  'allow_header_conformance',
  'ignored_auth',
]

const url = process.env['DATABASE_URL']
const store = url === undefined ? await openPglite(null) : openPostgres(url)
const catalog = catalogOf(testVersion('invite', ['feed', 'wait', 'mail']))
const api = await startApi(catalog, store)
await publishCatalog(store.db, catalog)
const args = ['run', `${api.url}/openapi.json`, '-H', `Authorization: Bearer ${SECRET_KEY}`]
const bounds = [
  '--checks',
  CHECKS.join(),
  '--max-time',
  String(SECONDS),
  '--request-timeout',
  '10',
  '--warnings',
  'off',
]
const child = spawn(process.env['SCHEMATHESIS'] ?? 'st', [...args, ...bounds, ...process.argv.slice(2)], {
  stdio: 'inherit',
})
const [code] = (await once(child, 'exit')) as [number | null]
await api.close()
process.exit(code ?? 1)
