import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { after, before, test } from 'node:test'
import { apiKeyId } from '../../api/http/setting-keys.ts'
import { httpServer } from '../../api/http/front.ts'
import { openPostgres } from '../../store/postgres/database.ts'
import { readSettings } from '../../settings/settings.ts'
import { eventually } from '../../testing/fixtures/eventually.ts'
import { assertRefused } from '../../testing/fixtures/refused.ts'
import { catalog } from '../../testing/fixtures/seed.ts'
import { SECRET_KEY, startApi, type ApiServer } from '../../testing/product/api-server.ts'
import { testPostgres } from '../../testing/servers/postgres.ts'
import { testPglite } from '../../testing/servers/pglite.ts'

let api: ApiServer
before(async () => {
  api = await startApi(catalog)
})
after(() => api.close())

/** Everything a server says to these bytes until it ends the connection, or `until` is seen. */
async function said(text: string, until?: RegExp): Promise<string> {
  const socket = connect(Number(new URL(api.url).port), '127.0.0.1')
  socket.write(text)
  return heard(socket, until)
}

async function heard(socket: Socket, until?: RegExp): Promise<string> {
  let all = ''
  for await (const chunk of socket) {
    all += String(chunk)
    if (until?.test(all) === true) break
  }
  socket.destroy()
  return all
}

const head = (line: string, ...headers: string[]) =>
  [line, 'Host: here', `Authorization: Bearer ${SECRET_KEY}`, ...headers, '', ''].join('\r\n')

test('a method that a path does not take is 405, and Allow names those it does', async () => {
  const cases: [method: string, path: string, allow: string][] = [
    ['GET', '/v1/workflows/any/trigger', 'OPTIONS, POST'],
    ['POST', '/v1/messages', 'GET, HEAD, OPTIONS'],
    ['PATCH', '/v1/users/ada', 'DELETE, GET, HEAD, OPTIONS, PUT'],
    ['GET', '/v1/messages/batch/seen', 'OPTIONS, POST'],
    ['PUT', '/v1/messages/batch/seen', 'OPTIONS, POST'],
    ['POST', '/v1/messages/m1/seen', 'DELETE, OPTIONS, PUT'],
    ['DELETE', '/v1/messages/batch/unread', 'OPTIONS, POST'],
    ['POST', '/healthz', 'GET, HEAD, OPTIONS'],
    ['DELETE', '/openapi.json', 'GET, HEAD, OPTIONS'],
    ['PUT', '/metrics', 'GET, HEAD, OPTIONS'],
    ['POST', '/docs/', 'GET, HEAD, OPTIONS'],
    ['POST', '/', 'GET, HEAD, OPTIONS'],
    ['GET', '/v1/channels/twilio/events', 'OPTIONS, POST'],
  ]
  for (const [method, path, allow] of cases) {
    const answer = await api.call(method, path)
    assert.deepEqual(assertRefused(answer, 405, 'method_not_allowed'), [])
    assert.equal(answer.headers.get('allow'), allow)
  }
  const options = await api.call('OPTIONS', '/v1/messages')
  assert.deepEqual([options.status, options.headers.get('allow')], [204, 'GET, HEAD, OPTIONS'])
})

test('401 says how to authenticate, and no answer is kept by a cache', async () => {
  const missing = await api.call('GET', '/v1/messages', { key: null })
  assert.equal(missing.headers.get('www-authenticate'), 'Bearer realm="belay"')
  const wrong = await api.call('GET', '/v1/messages', { key: 'sk_wrong_12345678' })
  assert.equal(wrong.headers.get('www-authenticate'), 'Bearer realm="belay", error="invalid_token"')
  for (const answer of [missing, await api.call('GET', '/v1/messages'), await api.call('GET', '/readyz')]) {
    assert.equal(answer.headers.get('cache-control'), 'no-store')
  }
})

test('what never became a request is answered with a body of ours', async () => {
  const cases: [text: string, status: number, code: string][] = [
    ['NONSENSE\r\n\r\n', 400, 'malformed_request'],
    ['GET /v1/messages HTTP/1.1\r\n\r\n', 400, 'malformed_request'],
    [head('GET /v1/messages HTTP/1.1', `X-Long: ${'x'.repeat(40_000)}`), 431, 'headers_too_large'],
    [head('PUT /v1/users/ada HTTP/1.1', 'Transfer-Encoding: chunked') + 'zz\r\n', 400, 'malformed_request'],
    [head('CONNECT a.example:443 HTTP/1.1'), 400, 'malformed_request'],
  ]
  for (const [text, status, code] of cases) {
    const answer = await said(text, /"request_id":"[^"]+"\}/)
    assert.match(answer, new RegExp(`^HTTP/1.1 ${status} `), text.slice(0, 40))
    assert.match(answer, new RegExp(`"code":"${code}"`))
    assert.match(answer, /content-type: application\/json\r\n/i)
    assert.match(answer, /x-request-id: [0-9a-f-]{36}\r\n/i)
  }
  const unencoded = await said(head('GET /v1/users/jörg HTTP/1.1'), /"request_id":"[^"]+"\}/)
  assert.match(unencoded, /^HTTP\/1.1 400 [^]*"The URL holds a character that must be percent-encoded/)
  assert.match(
    await said(head('GET /v1/messages HTTP/1.1', 'Expect: the-best', 'Connection: close')),
    /^HTTP\/1.1 200 /,
  )
})

test('a request that offers another protocol besides is answered as a plain one, with its body and those that follow', async () => {
  const offer = ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__']
  const put = head('PUT /v1/users/java HTTP/1.1', ...offer, 'Content-Length: 15') + '{"name":"Java"}'
  const socket = connect(Number(new URL(api.url).port), '127.0.0.1')
  socket.write(put.slice(0, -5))
  setTimeout(() => socket.write(put.slice(-5)), 50)
  let all = ''
  socket.on('data', (chunk) => (all += String(chunk)))
  await eventually(() => assert.match(all, /200 OK[^]*"name":"Java"/))
  socket.write(head('GET /v1/users/java HTTP/1.1', ...offer, 'Connection: close'))
  await once(socket, 'close')
  assert.equal(all.match(/HTTP\/1.1 200 OK/g)?.length, 2)
  const elsewhere = await said(head('GET /v1/none HTTP/1.1', 'Connection: Upgrade, close', 'Upgrade: websocket'))
  assert.match(elsewhere, /^HTTP\/1.1 404 [^]*"request_id"/)
})

test('a body that is too large is refused before it is uploaded', async () => {
  const length = 'Content-Length: 30000000'
  for (const headers of [[length], [length, 'Expect: 100-continue']]) {
    const answer = await said(head('PUT /v1/users/ada HTTP/1.1', ...headers), /"request_id"/)
    assert.match(answer, /^HTTP\/1.1 413 /)
    assert.match(answer, /"code":"payload_too_large"/)
  }
  const small = head('PUT /v1/users/ada HTTP/1.1', 'Content-Length: 14', 'Expect: 100-continue', 'Connection: close')
  const socket = connect(Number(new URL(api.url).port), '127.0.0.1')
  socket.write(small)
  const [first] = (await once(socket, 'data')) as [Buffer]
  assert.match(first.toString(), /^HTTP\/1.1 100 Continue/)
  socket.write('{"name":"Ada"}')
  assert.match(await heard(socket), /HTTP\/1.1 200 OK/)
})

test('a body is asked for where its sender expects to be told 100-continue, and speaks HTTP/1.1', async () => {
  const body = '{"name":"Ada"}'
  const put = (version: string, expect: string) =>
    head(`PUT /v1/users/ada HTTP/${version}`, 'Content-Length: 14', `Expect: ${expect}`, 'Connection: close') + body
  const cases: [version: string, expect: string, isAsked: boolean][] = [
    ['1.1', '100-Continue', true],
    ['1.1', 'foo, 100-continue', true],
    ['1.1', 'foo', false],
    ['1.0', '100-continue', false],
  ]
  for (const [version, expect, isAsked] of cases) {
    const answer = await said(put(version, expect))
    assert.equal(answer.startsWith('HTTP/1.1 100 Continue\r\n\r\n'), isAsked, `${version} ${expect}`)
    assert.match(answer, /HTTP\/1.1 200 OK/)
  }
})

test(
  'an upload that is refused midway reads its answer, and does not go on for ever',
  { timeout: 300_000 },
  async () => {
    const socket = connect(Number(new URL(api.url).port), '127.0.0.1').on('error', () => undefined)
    socket.write(head('PUT /v1/users/ada HTTP/1.1', 'Transfer-Encoding: chunked'))
    const chunk = `10000\r\n${'x'.repeat(65_536)}\r\n`
    const timer = setInterval(() => socket.write(chunk), 20)
    let all = ''
    socket.on('data', (data) => (all += String(data)))
    // Its end may be a reset, after the answer: what was sent last has not been read.
    await new Promise((resolve) => socket.once('close', resolve))
    clearInterval(timer)
    assert.match(all, /^HTTP\/1.1 413 /)
  },
)

test('timeouts and bounds are chosen', () => {
  const server = httpServer()
  assert.ok(server.keepAliveTimeout >= 65_000)
  assert.deepEqual([server.headersTimeout, server.requestTimeout, server.maxConnections], [15_000, 120_000, 4_096])
  server.close()
})

test('more requests than can be under way are overloaded at once, cancels find room, and health is never refused', async (t) => {
  const store = await testPglite()
  const held: (() => void)[] = []
  let waiting = 0
  let released = false
  const execute = store.db.execute.bind(store.db)
  const slow = await startApi(catalog, store)
  assert.equal((await slow.call('GET', '/readyz', { key: null })).status, 200)
  // Every read waits until it is let go, as behind a store that takes its time.
  store.db.execute = ((statement: never) => {
    waiting += 1
    return new Promise((resolve) => held.push(() => resolve(undefined))).then(() => execute(statement))
  }) as never
  const release = setInterval(() => {
    if (released) for (const go of held.splice(0)) go()
  }, 10)
  t.after(async () => {
    released = true
    await slow.close()
    clearInterval(release)
  })
  const open = Array.from({ length: 300 }, () => slow.call('GET', '/v1/messages'))
  const first = await Promise.race(open)
  assertRefused(first, 503, 'overloaded')
  const after = Number(first.headers.get('retry-after'))
  assert.ok(after >= 1 && after <= 5)
  assert.equal((await slow.call('GET', '/healthz', { key: null })).status, 200)
  assert.equal((await slow.call('GET', '/readyz', { key: null })).status, 200)
  let answered = 0
  for (const call of open) void call.then(() => (answered += 1))
  while (answered < 44) await new Promise((resolve) => setTimeout(resolve, 10))
  released = true
  const statuses = (await Promise.all(open)).map(({ status }) => status)
  clearInterval(release)
  assert.deepEqual([statuses.filter((s) => s === 200).length, statuses.filter((s) => s === 503).length], [256, 44])
  assert.ok(waiting >= 256)
})

test('bytes under way are bounded, and given back', async () => {
  const port = Number(new URL(api.url).port)
  const upload = (path: string, length: number) => {
    const socket = connect(port, '127.0.0.1').on('error', () => undefined)
    socket.write(head(`POST ${path} HTTP/1.1`, `Content-Length: ${length}`, 'Expect: 100-continue'))
    return socket
  }
  const uploads = [1, 2].map(() => upload('/v1/workflows/any/trigger', 20_000_000))
  // They are let in.
  for (const socket of uploads) assert.match(String(await once(socket, 'data')), /^HTTP\/1.1 100 /)
  const third = await heard(upload('/v1/workflows/any/trigger', 20_000_000), /"request_id"/)
  assert.match(third, /^HTTP\/1.1 503 /)
  assert.match(third, /"code":"overloaded"/)
  assert.equal((await api.call('POST', '/v1/users/ada/cancel', { body: {} })).status, 200)
  for (const socket of uploads) socket.destroy()
  const body = JSON.stringify({ recipients: ['ada'], data: { x: 'x'.repeat(9_000_000) } })
  await eventually(
    async () => assert.equal((await api.call('POST', '/v1/workflows/any/trigger', { body })).status, 404),
    120_000,
  )
})

test('a busy pool is overloaded, and leaves the api ready', { timeout: 300_000 }, async (t) => {
  const database = await testPostgres()
  const store = openPostgres(database.url, { connections: 1 })
  const busy = await startApi(catalog, store)
  t.after(async () => {
    await busy.close()
    await database.drop()
  })
  let release: () => void = () => undefined
  const released = new Promise<void>((resolve) => (release = resolve))
  const begun = new Promise<void>((resolve) => {
    void store.db
      .transaction(async () => {
        resolve()
        await released
      })
      .catch(() => undefined)
  })
  await begun
  const reading = busy.call('GET', '/v1/messages')
  const ready = await busy.call('GET', '/readyz', { key: null })
  assert.deepEqual([ready.status, (ready.body as { store: string }).store], [200, 'ok'])
  assertRefused(await reading, 503, 'overloaded')
  release()
})

test('a thousand connections at once are all served or refused, none is reset', async () => {
  const answers = await Promise.all(
    Array.from({ length: 1_000 }, async () => {
      const socket = connect(Number(new URL(api.url).port), '127.0.0.1')
      socket.write(head('GET /v1/messages HTTP/1.1', 'Connection: close'))
      return (await heard(socket)).slice(9, 12)
    }),
  )
  assert.ok(answers.every((status) => status === '200' || status === '503'))
  assert.ok(answers.includes('200'))
})

test('a secret key is long and no placeholder, and its id in records is long and no plain hash', () => {
  const refused = (key: string) => assert.throws(() => readSettings({ BELAY_SECRET_KEY: key }), /BELAY_SECRET_KEY/, key)
  for (const key of [
    'sk_12345678',
    'sk_0123456789abcde',
    'pk_0123456789abcdef',
    'sk_change_me_please_now',
    'sk_xxxxxxxxxxxxxxxxxxxx',
  ])
    refused(key)
  readSettings({ BELAY_SECRET_KEY: 'sk_0123456789abcdef' })
  assert.match(apiKeyId(SECRET_KEY), /^[0-9a-f]{32}$/)
  assert.equal(apiKeyId(SECRET_KEY), apiKeyId(SECRET_KEY))
})
