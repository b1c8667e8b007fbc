import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { after, before, test } from 'node:test'
import { createApp } from '../../api/http/app.ts'
import { httpServer } from '../../api/http/front.ts'
import { openLive } from '../../api/socket/live.ts'
import { eventually } from '../../testing/fixtures/eventually.ts'
import { catalog } from '../../testing/fixtures/seed.ts'
import { PUBLIC_KEY, SECRET_KEY, startApi, type ApiServer } from '../../testing/product/api-server.ts'

/** Far above what an answer takes, and below how long a connection is kept that nobody reads. */
const BOUND_MS = 60_000
const came = new EventEmitter()
const server = httpServer()
let api: ApiServer
let live: Awaited<ReturnType<typeof openLive>>
let port: number
before(async () => {
  api = await startApi(catalog)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  port = (server.address() as AddressInfo).port
  const settings = {
    ...api.deps.settings,
    BELAY_PUBLIC_URL: `http://127.0.0.1:${port}`,
    BELAY_LINK_SECRET: 'a secret of more than thirty-two characters',
  }
  const deps = { ...api.deps, settings }
  const app = createApp(deps)
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    app(request, response)
    came.emit(request.url!)
  })
  live = await openLive(server, deps)
})
after(async () => {
  await live.close()
  server.close()
  server.closeAllConnections()
  await api.close()
})

const asks = (path: string, ...headers: string[]) =>
  [`GET ${path} HTTP/1.1`, 'Host: here', ...headers, '', ''].join('\r\n')
const h2c = ['Connection: Upgrade', 'Upgrade: h2c']
const webSocket = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
]
const unsubscribe = '/l/unsubscribe/x'

/** A connection, and the statuses it was answered, in order. */
async function opened(): Promise<{ socket: Socket; statuses: () => string[] }> {
  const socket = connect(port, '127.0.0.1').on('error', () => undefined)
  await once(socket, 'connect')
  let all = ''
  socket.on('data', (chunk) => (all += String(chunk)))
  return { socket, statuses: () => [...all.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status!) }
}
const isServed = async () => (await fetch(`http://127.0.0.1:${port}${unsubscribe}`)).status === 404

test('what is pipelined behind an offer of another protocol is answered in order, and takes no place for long', async () => {
  const { socket, statuses } = await opened()
  // +0 s: an answer that waits for the store, an offer behind it, and more behind that.
  socket.write(asks('/readyz') + asks('/healthz', ...h2c) + asks(unsubscribe).repeat(70) + asks('/metrics-not', ...h2c))
  const expected = ['200', '200', ...Array<string>(70).fill('404'), '404']
  await eventually(() => assert.equal(statuses().join(), expected.join()), BOUND_MS)
  assert.ok(await isServed())
  // And the connection is as good as any.
  socket.write(asks('/healthz', 'Connection: close'))
  await once(socket, 'close')
  assert.deepEqual(statuses(), [...expected, '200'])
})

test('a connection that never reads its answers leaves room for the links of everybody else', async (t) => {
  const socket = connect(port, '127.0.0.1').on('error', () => undefined)
  t.after(() => socket.destroy())
  await once(socket, 'connect')
  const taken = once(came, unsubscribe)
  socket.write(asks('/openapi.json').repeat(40) + asks(unsubscribe).repeat(70))
  await taken
  assert.ok(await isServed())
})

test('a connection that pipelines many requests, and reads, gets every answer in its turn', async () => {
  const { socket, statuses } = await opened()
  const lines = Array.from({ length: 100 }, (_, n) => (n % 2 === 0 ? '/healthz' : unsubscribe))
  socket.write(lines.map((path) => asks(path)).join(''))
  // What comes later, and a body, are read as ever.
  const expected = lines.map((path) => (path === '/healthz' ? '200' : '404'))
  await eventually(() => assert.equal(statuses().join(), expected.join()), BOUND_MS)
  socket.write(`PUT /v1/users/ada HTTP/1.1\r\nHost: here\r\nContent-Length: 2\r\n\r\n`)
  socket.write(`{}${asks('/healthz', 'Connection: close')}`)
  await once(socket, 'close')
  assert.deepEqual(statuses(), [...expected, '401', '200'])
})

const put = (...headers: string[]) => {
  const line = 'PUT /v1/users/ada HTTP/1.1'
  return [line, 'Host: here', `Authorization: Bearer ${SECRET_KEY}`, ...headers, '', ''].join('\r\n')
}

test('nothing is lost that comes while large answers before an offer of another protocol are sent', async () => {
  const { socket, statuses } = await opened()
  const offered = once(server, 'upgrade')
  socket.write(asks('/openapi.json').repeat(20) + asks('/healthz', ...h2c))
  await offered
  socket.write(asks(unsubscribe).repeat(20))
  socket.write(asks('/metrics-not', 'Connection: close'))
  await once(socket, 'close')
  const expected = [...Array<string>(21).fill('200'), ...Array<string>(21).fill('404')]
  assert.equal(statuses().join(), expected.join())
})

test('what stands behind a good request never takes its answer', async () => {
  const good = `${put('Content-Length: 14')}{"name":"Ada"}`
  const last = `${put('Content-Length: 14', 'Connection: close')}{"name":"Ada"}`
  const cases: [behind: string, text: string, statuses: string][] = [
    ['bytes behind the last one', `${last}NONSENSE`, '200'],
    ['bytes that are no request', `${good}NONSENSE\r\n\r\n`, '200,400'],
    ['bytes that are no request, behind many', `${good.repeat(20)}NONSENSE\r\n\r\n`, '200,'.repeat(20) + '400'],
    ['a body that is broken', `${good}${put('Transfer-Encoding: chunked')}zz\r\n`, '200,400'],
    ['a tunnel', `${good}CONNECT a.example:443 HTTP/1.1\r\nHost: a.example\r\n\r\n`, '200,400'],
    ['a live connection without a key', good + asks('/ws/v1/websocket', ...webSocket), '200,400'],
  ]
  for (const [behind, text, expected] of cases) {
    const { socket, statuses } = await opened()
    socket.write(text)
    await once(socket, 'close')
    assert.equal(statuses().join(), expected, behind)
  }
})

test('a live connection that is asked for behind a request is opened once that is answered', async () => {
  const { socket, statuses } = await opened()
  const path = `/ws/v1/websocket?vsn=2.0.0&api_key=${PUBLIC_KEY}`
  socket.write(`${put('Content-Length: 14')}{"name":"Ada"}${asks(path, ...webSocket)}`)
  await eventually(() => assert.equal(statuses().join(), '200,101'), BOUND_MS)
  assert.equal(live.connections, 1)
  // It is read, too: a close frame ends it.
  socket.write(Buffer.from([0x88, 0x80, 0, 0, 0, 0]))
  await once(socket, 'close')
  await eventually(() => assert.equal(live.connections, 0), BOUND_MS)
})
