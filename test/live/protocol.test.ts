import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { once } from 'node:events'
import { after, before, test } from 'node:test'
import { PhoenixPage, socketUrl } from '../../testing/fixtures/phoenix.ts'
import { SECRET_KEY, startApi, type ApiServer } from '../../testing/product/api-server.ts'
import {
  catalog,
  emailChannel,
  feedChannel,
  seedChannels,
  seedMessage,
  seedTrigger,
} from '../../testing/fixtures/seed.ts'
import { eventually } from '../../testing/fixtures/eventually.ts'
import { SIGNING_PUBLIC_KEY, signUserToken, STRANGERS_KEY } from '../../testing/fixtures/user-tokens.ts'

let api: ApiServer
let secured: ApiServer
before(async () => {
  api = await startApi(catalog, undefined, { BELAY_LIVE_CONNECTIONS_PER_USER: '3', BELAY_LIVE_CONNECTIONS: '1100' })
  const env = { BELAY_SIGNING_PUBLIC_KEY: SIGNING_PUBLIC_KEY, BELAY_CORS_ORIGINS: 'https://app.example.com' }
  secured = await startApi(catalog, undefined, env)
})
after(async () => {
  await api.close()
  await secured.close()
})

const statusOf = (url: string) =>
  PhoenixPage.open(url).then(
    (page) => (page.close(), 101),
    (error: unknown) => (error as { status: number }).status,
  )

test('heartbeats, joins and leaves are answered as Phoenix does', async () => {
  const page = await PhoenixPage.open(socketUrl(api.url))
  assert.deepEqual(await page.ask('phoenix', 'heartbeat'), { status: 'ok', response: {} })
  assert.deepEqual(await page.join(feedChannel.id, 'ada'), { status: 'ok', response: {} })
  assert.deepEqual(await page.ask('rooms:lobby', 'phx_join'), {
    status: 'error',
    response: { reason: 'unmatched topic', message: 'topics are feeds:<channel>:<user>' },
  })
  const topic = `feeds:${feedChannel.id}:ada`
  assert.equal((await page.ask(topic, 'shout')).status, 'error')
  assert.equal(api.live.subscriptions, 1)
  // A topic joined anew has another reference; the former one's leave comes late.
  const joined = page.told.find(([, , name, event]) => name === topic && event === 'phx_reply')
  assert.equal((await page.join(feedChannel.id, 'ada', { client_1: {}, client_2: { tenant: 'acme' } })).status, 'ok')
  assert.equal((await page.ask(topic, 'phx_leave', {}, joined![0])).status, 'ok')
  assert.equal(api.live.subscriptions, 1)
  page.close()
  await eventually(() => assert.deepEqual([api.live.connections, api.live.subscriptions], [0, 0]))
})

test('a topic whose user no store could hold is refused, rather than counted for ever', async () => {
  const page = await PhoenixPage.open(socketUrl(api.url))
  for (const user of ['ada\u0000', '\ud83d', 'x'.repeat(250) + '\udc00', 'teams#red', 'a/b']) {
    const answer = await page.join(feedChannel.id, user)
    assert.deepEqual([answer.status, answer.response?.['reason']], ['error', 'invalid_params'])
  }
  assert.equal(api.live.subscriptions, 0)
  page.close()
})

test('a query with the stray ampersands of Knock’s clients is read', async () => {
  const url = socketUrl(api.url).replace('?api_key', '?&api_key').replace('&vsn', '&&vsn')
  assert.equal(await statusOf(url), 101)
})

test('a bad upgrade is refused, whatever is wrong with it', async () => {
  const cases: [url: string, status: number][] = [
    [socketUrl(api.url, { api_key: 'pk_wrong_12345678' }), 403],
    [socketUrl(api.url, { api_key: SECRET_KEY }), 403],
    [socketUrl(api.url, { api_key: '' }), 403],
    [socketUrl(api.url, { vsn: '1.0.0' }), 400],
    [socketUrl(api.url).replace('/ws/v1/websocket', '/ws/v2/websocket'), 404],
    [socketUrl(secured.url), 403],
    [socketUrl(secured.url, { user_token: 'none' }), 403],
    [socketUrl(secured.url, { user_token: await signUserToken({ sub: 'ada' }, { key: STRANGERS_KEY }) }), 403],
    [socketUrl(secured.url, { user_token: await signUserToken({ sub: 'ada' }) }), 101],
  ]
  for (const [url, status] of cases) assert.equal(await statusOf(url), status, url)
})

test('a refusal says why, and under which request id', async () => {
  const { port } = new URL(api.url)
  const answer = async (path: string, ...headers: string[]) => {
    const socket = connect(Number(port), '127.0.0.1')
    const all = [`GET ${path} HTTP/1.1`, 'Host: here', 'Connection: Upgrade', 'Upgrade: websocket', ...headers]
    socket.write(`${all.join('\r\n')}\r\n\r\n`)
    let text = ''
    for await (const chunk of socket) text += String(chunk)
    const [head, body] = text.split('\r\n\r\n') as [string, string]
    const { request_id, code, message } = JSON.parse(body) as Record<string, string>
    assert.match(head, new RegExp(`x-request-id: ${request_id}`, 'i'))
    return [head.split(' ')[1], code, message]
  }
  const { pathname, search } = new URL(socketUrl(api.url))
  assert.deepEqual(await answer(`${pathname}?vsn=2.0.0&api_key=pk_wrong_12345678`), [
    '403',
    'not_permitted',
    'The query parameter api_key must be a public key of this server',
  ])
  assert.deepEqual(await answer(`${pathname}?vsn=1.0.0`), [
    '400',
    'malformed_request',
    'The query parameter vsn must be 2.0.0',
  ])
  const noKey = await answer(pathname + search, 'Sec-WebSocket-Version: 13')
  assert.deepEqual(noKey.slice(0, 2), ['400', 'malformed_request'])
  assert.match(noKey[2]!, /Sec-WebSocket-Key/)
})

test('refusals are cheap: 500 in a row leave nothing open', async () => {
  const url = socketUrl(api.url, { api_key: 'pk_rotated_12345678' })
  for (let round = 0; round < 10; round += 1) {
    const answers = await Promise.all(Array.from({ length: 50 }, () => statusOf(url)))
    assert.ok(answers.every((status) => status === 403))
  }
  assert.equal(api.live.connections, 0)
})

test('a page of another origin than those listed gets no connection', async () => {
  const { hostname, port, pathname, search } = new URL(
    socketUrl(secured.url, { user_token: await signUserToken({ sub: 'ada' }) }),
  )
  const answer = async (origin: string) => {
    const socket = connect(Number(port), hostname).on('error', () => undefined)
    const head = [
      `GET ${pathname}${search} HTTP/1.1`,
      `Host: ${hostname}`,
      `Origin: ${origin}`,
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ]
    socket.write(`${head.join('\r\n')}\r\n\r\n`)
    const [data] = (await once(socket, 'data')) as [Buffer]
    socket.destroy()
    return data.toString('latin1').split(' ')[1]
  }
  assert.equal(await answer('https://evil.example.com'), '403')
  assert.equal(await answer('https://app.example.com'), '101')
})

test('a topic is joined only by who may', async () => {
  const page = await PhoenixPage.open(socketUrl(secured.url, { user_token: await signUserToken({ sub: 'ada' }) }))
  assert.equal((await page.join(feedChannel.id, 'ada')).status, 'ok')
  assert.equal((await page.join(feedChannel.id, 'eve')).response!['reason'], 'not_permitted')
  assert.equal((await page.join(emailChannel.id, 'ada')).response!['reason'], 'resource_missing')
  page.close()
  const grants = { 'https://api.knock.app/v1/tenants/acme': { 'user_feed/read': [{}] } }
  const token = await signUserToken({ sub: 'ada', explicit_grants: true, grants })
  const narrow = await PhoenixPage.open(socketUrl(secured.url, { user_token: token }))
  assert.equal((await narrow.join(feedChannel.id, 'ada', { client_1: {} })).response!['reason'], 'not_permitted')
  assert.equal((await narrow.join(feedChannel.id, 'ada', { client_1: { tenant: 'acme' } })).status, 'ok')
  narrow.close()
})

test('a connection ends when its token does: it joins nothing more, and is told nothing more', async () => {
  const { db } = secured.deps.store
  await seedChannels(db)
  const [run] = await seedTrigger(db, { recipients: ['ada'] })
  const message = await seedMessage(db, run!)
  const exp = Math.floor(Date.now() / 1_000) + 3_600
  const url = socketUrl(secured.url, { user_token: await signUserToken({ sub: 'ada', exp }) })
  const [asks, listens, rests] = [await PhoenixPage.open(url), await PhoenixPage.open(url), await PhoenixPage.open(url)]
  await listens.join(feedChannel.id, 'ada')
  await rests.join(emailChannel.id, 'ada')
  secured.clock.now = exp * 1_000 + 1
  try {
    asks.wire.send(JSON.stringify(['1', '1', `feeds:${feedChannel.id}:ada`, 'phx_join', {}]))
    assert.equal((await secured.call('PUT', `/v1/messages/${message}/seen`)).status, 200)
    for (const page of [asks, listens, rests]) await eventually(() => assert.deepEqual(page.closed, { code: 1008 }))
    assert.deepEqual([asks.told.length, listens.events('new-message').length], [0, 0])
  } finally {
    secured.clock.now = Date.now()
  }
})

test('frames that are none, too large or too many end the connection', async () => {
  const sent: (string | Buffer)[] = ['hello', '{}', '[1,2,3]', '["1","1","t","e",null]', Buffer.from([1, 2])]
  for (const frame of sent) {
    const page = await PhoenixPage.open(socketUrl(api.url))
    page.wire.send(frame)
    await eventually(() => assert.deepEqual(page.closed, { code: 1008 }, String(frame)))
  }
  const large = await PhoenixPage.open(socketUrl(api.url))
  large.wire.send('x'.repeat(100_000))
  await eventually(() => assert.deepEqual(large.closed, { code: 1009 }))
  const many = await PhoenixPage.open(socketUrl(api.url))
  for (let ref = 1; ref <= 300; ref += 1)
    many.wire.send(JSON.stringify([null, String(ref), 'phoenix', 'heartbeat', {}]))
  await eventually(() => assert.deepEqual(many.closed, { code: 1008 }))
})

test('options that no feed has, and more topics or clients than any page has, are refused', async () => {
  const page = await PhoenixPage.open(socketUrl(api.url))
  const bad = [
    { client_1: { archived: 'never' } },
    { client_1: 'all' },
    { client_1: { trigger_data: { plan: { id: 1 } } } },
    { client_1: { tenant: 'a\u0000b' } },
    Object.fromEntries(Array.from({ length: 30 }, (_, n) => [`client_${n}`, {}])),
  ]
  for (const options of bad) assert.equal((await page.join(feedChannel.id, 'ada', options)).status, 'error')
  const good = {
    archived: 'include',
    mode: 'compact',
    has_tenant: true,
    trigger_data: { plan: 'pro', seats: 3 },
    page_size: 20,
  }
  assert.equal((await page.join(feedChannel.id, 'ada', { client_1: good })).status, 'ok')
  for (let n = 0; n < 25; n += 1) await page.join(feedChannel.id, `user ${n}`)
  assert.equal(api.live.subscriptions, 20)
  page.close()
})

test('a user has so many connections, and another their own', async () => {
  await eventually(() => assert.equal(api.live.connections, 0))
  const pages = await Promise.all(Array.from({ length: 4 }, () => PhoenixPage.open(socketUrl(api.url))))
  const answers = []
  for (const page of pages) answers.push((await page.join(feedChannel.id, 'ada')).status)
  assert.deepEqual(answers, ['ok', 'ok', 'ok', 'error'])
  assert.equal((await pages[3]!.join(feedChannel.id, 'bob')).status, 'ok')
  pages[0]!.close()
  await eventually(() => assert.equal(api.live.connections, 3))
  assert.equal((await pages[3]!.join(feedChannel.id, 'ada')).status, 'ok')
  for (const page of pages) page.close()
})

test('a thousand connections that come and drop leave nothing behind', async () => {
  await eventually(() => assert.equal(api.live.connections, 0))
  for (let round = 0; round < 20; round += 1) {
    const pages = await Promise.all(Array.from({ length: 50 }, () => PhoenixPage.open(socketUrl(api.url))))
    await Promise.all(pages.map((page, n) => page.join(feedChannel.id, `user ${round} ${n}`)))
    for (const page of pages) page.close()
  }
  await eventually(() => assert.deepEqual([api.live.connections, api.live.subscriptions], [0, 0]))
})

test('beyond its connections an api says 503, and closes those it has when it leaves', async () => {
  const small = await startApi(catalog, undefined, { BELAY_LIVE_CONNECTIONS: '2' })
  const pages = [await PhoenixPage.open(socketUrl(small.url)), await PhoenixPage.open(socketUrl(small.url))]
  assert.equal(await statusOf(socketUrl(small.url)), 503)
  await small.live.close()
  await eventually(() =>
    assert.deepEqual(
      pages.map(({ closed }) => closed),
      [{ code: 1012 }, { code: 1012 }],
    ),
  )
  assert.equal(await statusOf(socketUrl(small.url)), 503)
  await small.close()
})
