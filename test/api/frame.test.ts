import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { ErrorCode } from '../../api/http/errors.ts'
import { openPostgres } from '../../store/postgres/database.ts'
import { PUBLIC_KEY, startApi, type Answer, type ApiServer } from '../../testing/product/api-server.ts'
import { catalog } from '../../testing/fixtures/seed.ts'
import { testPglite } from '../../testing/servers/pglite.ts'

let api: ApiServer
before(async () => {
  api = await startApi(catalog)
})
after(() => api.close())

interface ErrorBody {
  code: ErrorCode
  message: string
  status: number
  errors: { field: string; message: string; type: string }[]
  request_id: string
}

function assertError(answer: Answer, status: number, code: ErrorCode): ErrorBody {
  const body = answer.body as ErrorBody
  assert.equal(answer.status, status)
  assert.equal(body.code, code)
  assert.equal(body.status, status)
  assert.equal(answer.headers.get('content-type'), 'application/json')
  assert.equal(answer.headers.get('x-request-id'), body.request_id)
  assert.ok(body.errors.every((error) => error.field !== '' && error.message !== '' && error.type !== ''))
  return body
}

test('a request without a key, with a wrong key or with a public key is told which', async () => {
  assertError(await api.call('GET', '/v1/messages', { key: null }), 401, 'api_key_missing')
  assertError(await api.call('GET', '/v1/messages', { key: 'sk_wrong_12345678' }), 401, 'api_key_invalid')
  assertError(await api.call('GET', '/v1/messages', { key: PUBLIC_KEY }), 403, 'incorrect_token_type')
  const other = { key: null, headers: { authorization: 'Basic abc' } }
  assertError(await api.call('GET', '/v1/messages', other), 401, 'api_key_missing')
})

test('every answer carries a request id of its own', async () => {
  const [one, two] = await Promise.all([api.call('GET', '/v1/messages'), api.call('GET', '/v1/messages')])
  assert.match(one.headers.get('x-request-id') ?? '', /^[0-9a-f-]{36}$/)
  assert.notEqual(one.headers.get('x-request-id'), two.headers.get('x-request-id'))
})

test('a body that is not JSON is malformed, whatever its content type says', async () => {
  assertError(await api.call('PUT', '/v1/users/ada', { body: '{"name":' }), 400, 'malformed_json')
  const form = { body: 'name=Ada', headers: { 'content-type': 'application/x-www-form-urlencoded' } }
  assertError(await api.call('PUT', '/v1/users/ada', form), 400, 'malformed_json')
})

test('a body that cannot be decoded is told apart from one that is not JSON', async () => {
  const cases: [headers: Record<string, string>, said: RegExp][] = [
    [{}, /^The body is not valid JSON$/],
    [{ 'content-type': 'application/json; charset=latin1' }, /^The charset latin1 is not read here: send UTF-8$/],
    [{ 'content-type': 'application/json; charset=utf-99' }, /^The charset utf-99 is not read here/],
    [{ 'content-encoding': 'zap' }, /^The Content-Encoding zap is not read here: send gzip, deflate, br or none$/],
    [{ 'content-encoding': 'gzip' }, /^The body is not what its Content-Encoding says$/],
    [{ 'content-encoding': 'br' }, /^The body is not what its Content-Encoding says$/],
  ]
  for (const [headers, said] of cases) {
    const body = Object.keys(headers).length === 0 ? '{"name":' : '{"name":"Ada"}'
    const error = assertError(await api.call('PUT', '/v1/users/ada', { body, headers }), 400, 'malformed_json')
    assert.match(error.message, said)
  }
})

test('JSON is read under any content type', async () => {
  const answer = await api.call('PUT', '/v1/users/ada', {
    body: '{"name":"Ada"}',
    headers: { 'content-type': 'text/plain' },
  })
  assert.equal(answer.status, 200)
  assert.equal((answer.body as { name: string }).name, 'Ada')
})

test('a body of far more than is taken is too large', async () => {
  const body = JSON.stringify({ name: 'x'.repeat(20 * 1_024 * 1_024) })
  assertError(await api.call('PUT', '/v1/users/ada', { body }), 413, 'payload_too_large')
})

test('a body that is no object is refused as a whole', async () => {
  for (const body of ['[]', '"text"', '1', 'null']) {
    const answer = await api.call('POST', '/v1/messages/batch/seen', { body })
    const error = assertError(answer, 422, 'invalid_params')
    assert.equal(error.errors[0]?.field, 'body')
  }
})

test('what is wrong with a value is told in words of ours', async () => {
  const said = async (path: string, body?: unknown) => {
    const answer = await api.call(body === undefined ? 'GET' : 'POST', path, { body })
    const { errors } = assertError(answer, 422, 'invalid_params')
    return errors.map(({ field, message, type }) => `${field} ${message} (${type})`)
  }
  const cases: [query: string, said: string][] = [
    ['messages?status=lost', 'status[0] must be one of queued, sent, delivered, delivery_attempted,'],
    ['messages?page_size=51', 'page_size must be 1 to 50 (length)'],
    ['messages?page_size=0', 'page_size must be 1 to 50 (length)'],
    ['messages?page_size=some', 'page_size must be a number (cast)'],
    ['messages?workflow_run_id=1', 'workflow_run_id must be a UUID (format)'],
    ['messages?tenant[]=a', 'tenant must be a text (cast)'],
    ['workflow_recipient_runs?recipient[]=bob', 'recipient must be a text or an object (cast)'],
    ['workflow_recipient_runs?has_errors=perhaps', 'has_errors must be one of true, false (inclusion)'],
  ]
  for (const [query, words] of cases) {
    const [first, ...more] = await said(`/v1/${query}`)
    assert.ok(first?.startsWith(words), first)
    assert.equal(more.length, 0)
  }
  assert.deepEqual(await said('/v1/messages/batch/seen', { message_ids: [] }), [
    'message_ids names no message (length)',
  ])
  assert.deepEqual(await said('/v1/messages/batch/seen', { message_ids: [1] }), [
    'message_ids[0] must be a text (cast)',
  ])
  assert.deepEqual(await said('/v1/messages/batch/seen', {}), ['message_ids is required (required)'])
})

test('what cannot be stored as it is, is refused by the name of its field', async () => {
  const named = async (body: string) => {
    const error = assertError(await api.call('PUT', '/v1/users/ada', { body }), 422, 'invalid_params')
    return error.errors.map(({ field }) => field)
  }
  assert.deepEqual(await named('{"plan":{"names":["a","\\u0000"]}}'), ['plan.names[1]'])
  assert.deepEqual(await named('{"name":"\\ud800"}'), ['name'])
  assert.deepEqual(await named('{"plan":{"a\\u0000":1}}'), ['plan'])
  assert.equal((await named(`{"deep":${'['.repeat(5_000)}${']'.repeat(5_000)}}`)).length, 1)
  assertError(await api.call('GET', '/v1/messages?tenant=%00'), 422, 'invalid_params')
  assertError(await api.call('GET', '/v1/users/%00'), 422, 'invalid_params')
  assert.equal((await api.call('PUT', '/v1/users/ada', { body: '{"name":"\\ud83d\\ude00"}' })).status, 200)
})

test('a path that is no route is answered as Knock does', async () => {
  for (const path of ['/', '/v2/messages', '/v1/nothing']) {
    const answer = await api.call('GET', path)
    assert.equal(answer.status, 404)
    const request_id = answer.headers.get('x-request-id')
    assert.deepEqual(answer.body, { errors: { detail: '404 Not Found' }, request_id })
    assert.equal(answer.headers.get('content-type'), 'application/json')
  }
})

test('a query that is no UTF-8 is refused by its name, rather than compared as it stands', async () => {
  for (const query of ['tenant=%E9', 'tenant=50%', 'tenant=%ED%A0%80', 'tenant=%zz+a']) {
    const [fault] = assertError(await api.call('GET', `/v1/messages?${query}`), 422, 'invalid_params').errors
    assert.deepEqual([fault?.field, fault?.type], ['tenant', 'format'])
  }
  assert.equal((await api.call('GET', '/v1/messages?tenant=%C3%A9+50%25')).status, 200)
})

test('a path that cannot be decoded names nothing', async () => {
  assertError(await api.call('GET', '/v1/users/%E0%A4%A'), 404, 'resource_missing')
})

test('a parameter a route does not know is ignored, since clients leak some', async () => {
  assert.equal((await api.call('GET', '/v1/messages?__fetchSource=socket')).status, 200)
})

test('the api is ready while its store answers, though Temporal is away', async () => {
  const answer = await api.call('GET', '/readyz', { key: null })
  assert.equal(answer.status, 200)
  assert.deepEqual(answer.body, { store: 'ok', temporal: 'away', worker: 'away' })
  assert.equal((await api.call('GET', '/healthz', { key: null })).status, 200)
})

const closed = async () => {
  const store = await testPglite()
  await store.close()
  return { ...store, close: () => Promise.resolve() }
}
const refusing = () => openPostgres('postgres://127.0.0.1:9/none')

test('a store that does not answer is unavailable, and the caller is told when to come back', async () => {
  for (const open of [closed, refusing]) {
    const store = await open()
    const gone = await startApi(catalog, { ...store, migrate: () => Promise.resolve() })
    try {
      const ready = await gone.call('GET', '/readyz', { key: null })
      assert.equal(ready.status, 503)
      assert.equal((ready.body as { store: string }).store, 'away')
      const answer = await gone.call('GET', '/v1/messages')
      assertError(answer, 503, 'store_unavailable')
      assert.equal(answer.headers.get('retry-after'), '2')
    } finally {
      await gone.close()
    }
  }
})
