import { sql } from 'drizzle-orm'
import fc from 'fast-check'
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { isExactNumber } from '../../json/exact-number.ts'
import { faultsOfSource, withExactNumbers } from '../../json/source.ts'
import { findUnstorable } from '../../json/storable.ts'
import { triggerOf } from '../../store/ids/row-id.ts'
import { query } from '../../store/postgres/database.ts'
import { publishCatalog } from '../../store/catalog/definitions.ts'
import { assertRefused } from '../../testing/fixtures/refused.ts'
import { catalogOf, testVersion } from '../../testing/fixtures/versions.ts'
import { SECRET_KEY, startApi, type ApiServer } from '../../testing/product/api-server.ts'

let api: ApiServer
before(async () => {
  const catalog = catalogOf(testVersion('invite', ['feed', 'wait', 'mail']))
  api = await startApi(catalog)
  await publishCatalog(api.deps.store.db, catalog)
})
after(() => api.close())

const trigger = (body: unknown) => api.call('POST', '/v1/workflows/invite/trigger', { body })
const cancel = (body: unknown) => api.call('POST', '/v1/workflows/invite/cancel', { body })
const raw = (method: string, path: string, body: Buffer, headers: Record<string, string> = {}) =>
  fetch(api.url + path, { method, body, headers: { authorization: `Bearer ${SECRET_KEY}`, ...headers } })

test('a list far too long is refused by its length, whatever is in it', async () => {
  const begun = performance.now()
  const zeros = `{"recipients":[${'0,'.repeat(1_000_000)}0]}`
  assert.deepEqual(assertRefused(await trigger(zeros), 422, 'invalid_params'), ['body length'])
  const users = JSON.stringify({ recipients: Array(100_000).fill(0) })
  assert.deepEqual(assertRefused(await trigger(users), 422, 'invalid_params'), ['recipients length'])
  // Parsed item by item these took minutes.
  assert.ok(performance.now() - begun < 20_000)
})

test('of thousands of faults a hundred are told', async () => {
  for (const recipients of [Array(10_000).fill(0), Array(10_000).fill({ id: 'a/b', email: 5 })]) {
    const faults = assertRefused(await trigger({ recipients }), 422, 'invalid_params')
    assert.equal(faults.length, 100)
  }
  const unknown = Object.fromEntries(Array.from({ length: 40_000 }, (_, i) => [`f${i}`, 1]))
  assert.equal(assertRefused(await cancel(unknown), 422, 'invalid_params').length, 100)
})

test('hundreds of thousands of fields are too many values', async () => {
  const fields = (count: number) => Array.from({ length: count }, (_, i) => `"${i.toString(36)}":1`).join(',')
  const data = await trigger(`{"recipients":["ada"],"data":{${fields(300_000)}}}`)
  assert.deepEqual(assertRefused(data, 422, 'invalid_params'), ['body length'])
  assert.deepEqual(assertRefused(await cancel(`{${fields(60_000)}}`), 422, 'invalid_params'), ['body length'])
})

test('a trigger takes bodies of 20 MB, and other calls of 1 MB', async () => {
  const name = 'x'.repeat(1_024 * 1_024)
  const answer = await api.call('PUT', '/v1/users/ada', { body: { name } })
  assertRefused(answer, 413, 'payload_too_large')
  assert.match((answer.body as { message: string }).message, /1 MB/)
  assert.equal((await trigger({ recipients: ['ada'], data: { name } })).status, 200)
  const huge = await trigger({ recipients: ['ada'], data: { name: 'x'.repeat(20 * 1_024 * 1_024) } })
  assertRefused(huge, 413, 'payload_too_large')
  const bomb = gzipSync(JSON.stringify({ name: 'x'.repeat(30 * 1_024 * 1_024) }))
  assert.ok(bomb.length < 100_000)
  assert.equal((await raw('PUT', '/v1/users/ada', bomb, { 'content-encoding': 'gzip' })).status, 413)
  const small = gzipSync(JSON.stringify({ name: 'Ada' }))
  assert.equal((await raw('PUT', '/v1/users/ada', small, { 'content-encoding': 'gzip' })).status, 200)
})

test('a number that would be changed is refused by the name of its field, wherever it is kept', async () => {
  const cases: [answer: Promise<Awaited<ReturnType<typeof trigger>>>, field: string][] = [
    [trigger('{"recipients":["ada"],"data":{"id":1234567890123456789}}'), 'data.id format'],
    [trigger('{"recipients":["ada"],"data":{"a":[1,{"b":1e999}]}}'), 'data.a[1].b format'],
    [trigger('{"recipients":[{"id":"ada","$trigger_data":{"n":-1e400}}]}'), 'recipients[0].$trigger_data.n format'],
    [trigger('{"recipients":["ada"],"tenant":{"id":"t","n":0.12345678901234567890}}'), 'tenant.n format'],
    [cancel('{"cancelation_key":9007199254740993}'), 'cancelation_key format'],
    [api.call('PUT', '/v1/users/ada', { body: '{"age":1e-999}' }), 'age format'],
  ]
  for (const [answer, field] of cases) assert.deepEqual(assertRefused(await answer, 422, 'invalid_params'), [field])
  const kept = await api.call('PUT', '/v1/users/ada', {
    body: '{"a":9007199254740992,"b":0.1,"c":1.50,"d":-2E3,"e":1e300}',
  })
  const { a, b, c, d, e } = kept.body as Record<string, unknown>
  assert.deepEqual([a, b, c, d, e], [9007199254740992, 0.1, 1.5, -2000, 1e300])
})

test('every double is exact as it is written, and no longer integer is', () => {
  fc.assert(fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (n) => isExactNumber(JSON.stringify(n))))
  fc.assert(
    fc.property(
      fc.bigInt({ min: -(2n ** 69n), max: 2n ** 69n }),
      (n) => isExactNumber(String(n)) === (String(Number(n)) === String(n)),
    ),
  )
  assert.ok(isExactNumber(`1${'0'.repeat(300)}`))
  assert.ok(!isExactNumber(`1${'0'.repeat(200_000)}1`))
})

test('what a double cannot hold becomes a text, and all else stays as it was written', () => {
  fc.assert(fc.property(fc.json(), (text) => withExactNumbers(text) === text))
  const n = fc.bigInt({ min: -(2n ** 69n), max: 2n ** 69n }).filter((each) => String(Number(each)) !== String(each))
  fc.assert(
    fc.property(fc.string(), n, (name, value) => {
      const text = `{${JSON.stringify(name)}:[${value},{"a":"-${value}"}]}`
      assert.deepEqual(JSON.parse(withExactNumbers(text)), { [name]: [String(value), { a: `-${value}` }] })
    }),
  )
  for (const none of ['01e999', '-', '1e999x', '{"a":1e999', '"1e999'])
    assert.throws(() => void JSON.parse(withExactNumbers(none)), SyntaxError)
})

test('a name given twice is refused: the last would have won', async () => {
  const twice = await cancel('{"cancelation_key":"k","recipients":["ada"],"recipients":null}')
  assert.deepEqual(assertRefused(twice, 422, 'invalid_params'), ['recipients conflict'])
  const escaped = await cancel('{"cancelation_key":"k","\\u0063ancelation_key":"other"}')
  assert.deepEqual(assertRefused(escaped, 422, 'invalid_params'), ['cancelation_key conflict'])
  const inner = await trigger('{"recipients":["ada"],"data":{"a":{"b":1,"b":2}}}')
  assert.deepEqual(assertRefused(inner, 422, 'invalid_params'), ['data.a.b conflict'])
})

test('a field named __proto__ is data like any other', async () => {
  const body = '{"name":"Ada","__proto__":{"polluted":1},"own":{"__proto__":5}}'
  const put = await fetch(`${api.url}/v1/users/proto`, {
    method: 'PUT',
    body,
    headers: { authorization: `Bearer ${SECRET_KEY}` },
  })
  const text = await put.text()
  assert.equal(put.status, 200)
  assert.match(text, /"__proto__":\{"polluted":1\}/)
  assert.match(text, /"own":\{"__proto__":5\}/)
  assert.ok(!('polluted' in {}))
  await trigger('{"recipients":[{"id":"proto","$trigger_data":{"__proto__":"own"}}],"data":{"__proto__":"all","a":1}}')
  const rows = await query<{ data: string; own: string }>(
    api.deps.store.db,
    sql`select t.data::text as data, r.trigger_data::text as own from recipient_runs r
      join triggers t on t.id = ${triggerOf('r.id')} where r.recipient = 'proto'`,
  )
  assert.deepEqual(
    rows.map(({ data, own }) => [data, own]),
    [['{"a": 1, "__proto__": "all"}', '{"__proto__": "own"}']],
  )
})

test('a body that is not UTF-8 is malformed, so that two ids do not become one', async () => {
  const latin = Buffer.from('{"recipients":["j\xf6rg"]}', 'latin1')
  const answer = await raw('POST', '/v1/workflows/invite/trigger', latin)
  assert.equal(answer.status, 400)
  assert.equal(((await answer.json()) as { code: string }).code, 'malformed_json')
  const utf16 = Buffer.from('{"name":"Ada"}', 'utf16le')
  const other = await raw('PUT', '/v1/users/ada', utf16, { 'content-type': 'application/json; charset=utf-16le' })
  assert.equal(other.status, 400)
})

test('null is no body: it does not cancel everything', async () => {
  assert.deepEqual(
    assertRefused(await api.call('POST', '/v1/users/ada/cancel', { body: 'null' }), 422, 'invalid_params'),
    ['body cast'],
  )
  assert.equal((await api.call('POST', '/v1/users/ada/cancel')).status, 200)
})

test('what takes no body reads none, whatever SDKs send with it', async () => {
  assert.equal((await api.call('PUT', '/v1/users/gone', { body: { name: 'G' } })).status, 200)
  const headers = { 'content-type': 'application/json' }
  assert.equal((await raw('DELETE', '/v1/users/gone', Buffer.from('{}'), headers)).status, 204)
  assert.equal((await api.call('DELETE', '/v1/users/gone', { body: '{"not":', headers })).status, 404)
})

test('the look through a text agrees with JSON.parse about depth, and never fails', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 6 }), (text) => {
      const value: unknown = JSON.parse(text)
      return (
        faultsOfSource(text, 1e6).every(({ message }) => message !== 'x') && findUnstorable(value)?.path.length !== 101
      )
    }),
  )
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('{', '}', '[', ']', '"', '\\', ',', ':', '1', 'e', ' ', 'a') }),
      (text) => Array.isArray(faultsOfSource(text, 20)),
    ),
  )
  const deep = faultsOfSource('['.repeat(101), 1e6)
  assert.deepEqual(
    deep.map(({ type }) => type),
    ['format'],
  )
})

test('lists and texts of any shape take linear time', () => {
  for (const text of [
    '\\"'.repeat(2e6),
    `"${'\\'.repeat(4e6)}"`,
    '{"":'.repeat(90),
    '1'.repeat(4e6),
    '"a",'.repeat(1e6),
  ]) {
    const begun = performance.now()
    faultsOfSource(`[${text}]`, 1e7)
    assert.ok(performance.now() - begun < 30_000)
  }
})
