import fc from 'fast-check'
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { after, before, test } from 'node:test'
import { inUrl, text, value } from '../../testing/fixtures/anything.ts'
import { eventually } from '../../testing/fixtures/eventually.ts'
import { PhoenixPage, socketUrl } from '../../testing/fixtures/phoenix.ts'
import { catalog, feedChannel } from '../../testing/fixtures/seed.ts'
import { PUBLIC_KEY, SECRET_KEY, startApi, type ApiServer } from '../../testing/product/api-server.ts'

const RUNS = 80
/** Far above what an answer takes. */
const BOUND_MS = 120_000

let api: ApiServer
before(async () => {
  api = await startApi(catalog)
})
after(() => api.close())

const reference = fc.oneof(fc.constantFrom('1', '2', null), text, value)
const topic = fc.oneof(
  fc.constantFrom('phoenix', `feeds:${feedChannel.id}:ada`, 'feeds:in_app:bob', 'x'.repeat(600), 'x'.repeat(601)),
  text.map((user) => `feeds:${feedChannel.id}:${user}`),
  text.map((channel) => `feeds:${channel}:ada`),
  text,
  value,
)
const event = fc.oneof(fc.constantFrom('heartbeat', 'phx_join', 'phx_leave', 'phx_reply', 'phx_close'), text, value)
const options = fc.dictionary(
  fc.constantFrom(
    'archived',
    'status',
    'tenant',
    'has_tenant',
    'source',
    'workflow_categories',
    'trigger_data',
    'page_size',
  ),
  value,
  { maxKeys: 5 },
)
const payload = fc.oneof(
  options,
  fc.dictionary(fc.constantFrom('client_', 'client_1', 'client___proto__', '__proto__'), fc.oneof(options, value), {
    maxKeys: 3,
  }),
  value,
)
const frame = fc.tuple(reference, reference, topic, event, payload).map((parts) => JSON.stringify(parts))
const deep = fc.constantFrom(
  '['.repeat(60_000),
  `[null,"1","t","phx_join",${'{"a":'.repeat(9_000)}1${'}'.repeat(9_000)}]`,
)
const sent = fc.oneof(
  { weight: 8, arbitrary: frame },
  { weight: 1, arbitrary: text },
  { weight: 1, arbitrary: deep },
  { weight: 1, arbitrary: fc.nat(200_000).map((size) => 'x'.repeat(size)) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)) },
)

test(
  'whatever frames a page sends, each is answered or ends the connection, and nothing stays',
  { timeout: 900_000 },
  async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(sent, { minLength: 1, maxLength: 12 }), async (frames) => {
        const page = await PhoenixPage.open(socketUrl(api.url))
        for (const each of frames) page.wire.send(each)
        page.wire.send(JSON.stringify(['last', 'last', 'phoenix', 'heartbeat', {}]))
        const isOver = () => page.closed !== undefined || page.told.some(([, ref]) => ref === 'last')
        await eventually(() => assert.ok(isOver(), JSON.stringify(page.told)), BOUND_MS)
        for (const told of page.told) assert.ok(JSON.stringify(told).length < 10_000)
        if (page.closed !== undefined)
          assert.ok([1007, 1008, 1009].includes(page.closed.code), String(page.closed.code))
        page.close()
      }),
      { seed: 1, numRuns: RUNS, endOnFailure: true },
    )
    await eventually(() => assert.deepEqual([api.live.connections, api.live.subscriptions], [0, 0]), BOUND_MS)
  },
)

/** The status of what a server says to these lines, and whether it is `answer`-shaped. */
async function statusOf(lines: readonly string[]): Promise<number> {
  const socket = connect(Number(new URL(api.url).port), '127.0.0.1').on('error', () => undefined)
  const timer = setTimeout(() => socket.destroy(new Error('no answer')), BOUND_MS)
  socket.write(Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'))
  let all = ''
  for await (const chunk of socket) {
    all += String(chunk)
    if (/^HTTP\/1.1 \d+[^]*\r\n\r\n/.test(all)) break
  }
  clearTimeout(timer)
  socket.destroy()
  assert.match(all, /^HTTP\/1.1 \d{3} /, lines.join('\n'))
  if (!all.startsWith('HTTP/1.1 101')) assert.match(all, /\r\nx-request-id: /i, lines.join('\n'))
  return Number(all.slice(9, 12))
}

const header = fc.oneof(
  fc.constantFrom('Sec-WebSocket-Version: 13', 'Sec-WebSocket-Version: 8', 'Sec-WebSocket-Version: 1e999'),
  fc.constantFrom('Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Key: short', 'Sec-WebSocket-Key:'),
  fc.constantFrom(
    'Sec-WebSocket-Protocol: a, a',
    'Sec-WebSocket-Protocol: ,',
    'Sec-WebSocket-Extensions: permessage-deflate; x=", a',
  ),
  fc.constantFrom(
    'Origin: null',
    'Origin: https://a.example',
    'Origin: \u00ff',
    'Content-Length: 0',
    'Expect: 100-continue',
  ),
)
const connection = fc.constantFrom(
  'Upgrade',
  'upgrade, keep-alive',
  'Upgrade, close',
  'keep-alive',
  'HTTP2-Settings, Upgrade',
)
const protocol = fc.constantFrom('websocket', 'WebSocket', 'h2c', 'websocket, h2c', 'TLS/1.0', 'x'.repeat(9_000))
const path = fc.constantFrom(
  '/ws/v1/websocket',
  '/ws/v1/websocket/',
  '//ws/v1/websocket',
  '/v1/messages',
  '/healthz',
  '/%00',
  '*',
)
const query = fc.dictionary(
  fc.constantFrom('vsn', 'api_key', 'user_token'),
  fc.oneof(text, fc.constantFrom('2.0.0', PUBLIC_KEY, SECRET_KEY)),
)

test('whatever asks for an upgrade is answered in a bounded time, below 500', { timeout: 900_000 }, async () => {
  const methods = fc.constantFrom('GET', 'GET', 'POST', 'HEAD', 'OPTIONS', 'CONNECT')
  await fc.assert(
    fc.asyncProperty(
      fc.tuple(methods, path, query, connection, protocol, fc.array(header, { maxLength: 5 })),
      async ([method, at, asked, how, what, headers]) => {
        const search = Object.entries(asked).map(([name, each]) => `${name}=${inUrl(each)}`)
        const line = `${method} ${at}?${search.join('&')} HTTP/1.1`
        const status = await statusOf([line, 'Host: here', `Connection: ${how}`, `Upgrade: ${what}`, ...headers])
        assert.ok(status < 500, `${status} ${line}`)
      },
    ),
    { seed: 1, numRuns: RUNS * 3, endOnFailure: true },
  )
  await eventually(() => assert.equal(api.live.connections, 0), BOUND_MS)
})
