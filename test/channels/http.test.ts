import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import { after, test } from 'node:test'
import { Webhook } from 'standardwebhooks'
import { HostList } from '../../settings/host-list.ts'
import type { Outgoing } from '../../channels/sender.ts'
import { createHttpSender, type HttpDefaults } from '../../channels/http/request-sender.ts'
import type { HttpContent } from '../../channels/http/content.ts'
import type { Channel } from '../../definitions/catalog.ts'
import { httpChannel as channel } from '../../testing/fixtures/http-channel.ts'
import { httpReceiver } from '../../testing/servers/http-receiver.ts'

const MESSAGE_ID = '2aBcDeFgHiJkLmNoPqRsTuVwXyZ'
const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
const never = new AbortController().signal

function request(url: string, content: Partial<HttpContent> = {}): Outgoing<HttpContent> {
  return {
    messageId: MESSAGE_ID,
    recipient: { reference: 'u1', properties: {} },
    content: { method: 'post', url, headers: [], query: [], body: null, ...content },
  }
}

/** Sends through a sender of its own, closed when the tests are through. */
function sendWith(defaults: Partial<HttpDefaults> = {}, env: NodeJS.ProcessEnv = {}) {
  const sender = createHttpSender(
    { BELAY_HTTP_ALLOW_PRIVATE: HostList.every, BELAY_HTTP_SECRET_HOSTS: HostList.every, ...defaults },
    env,
  )
  after(() => sender.close())
  return (message: Outgoing<HttpContent>, to: Channel = channel(), signal = never) =>
    sender.send(message, to, { signal, onHandedOver: () => undefined })
}

async function receiver(...args: Parameters<typeof httpReceiver>) {
  const started = await httpReceiver(...args)
  after(() => started.close())
  return started
}

test('a request goes out as written, signed, with ids that are the same at every attempt', async () => {
  const far = await receiver()
  const send = sendWith({ BELAY_HTTP_SECRET: SECRET })
  const message = request(`${far.url}/hooks/a%20b?fixed=1`, {
    method: 'put',
    headers: [{ key: 'X-Team', value: 'ops' }],
    query: [
      { key: 'q', value: 'ä&b' },
      { key: 'q', value: '2' },
    ],
    body: '{"name":"Ada ✓"}',
  })
  for (let attempt = 1; attempt <= 2; attempt += 1) {
    assert.deepEqual(await send(message), { kind: 'delivered' })
  }
  for (const { method, url, headers, body } of far.requests) {
    assert.deepEqual([method, url, body], ['PUT', '/hooks/a%20b?fixed=1&q=%C3%A4%26b&q=2', '{"name":"Ada ✓"}'])
    assert.equal(headers['x-team'], 'ops')
    assert.equal(headers['content-type'], 'application/json')
    assert.equal(headers['user-agent'], 'Belay')
    assert.equal(headers['idempotency-key'], MESSAGE_ID)
    assert.equal(headers['webhook-id'], MESSAGE_ID)
    assert.deepEqual(new Webhook(SECRET).verify(body, headers as Record<string, string>), { name: 'Ada ✓' })
    assert.throws(() => new Webhook(SECRET).verify(`${body} `, headers as Record<string, string>))
  }
  assert.equal(far.requests.length, 2)
})

test('without a secret it is unsigned, and a channel’s own secret, headers and $NAMEs come first', async () => {
  const far = await receiver()
  const send = sendWith({}, { CRM_TOKEN: 'Bearer abc', CRM_SECRET: SECRET })
  await send(request(far.url, { method: 'get' }))
  const settings = { secret: '$CRM_SECRET', headers: { Authorization: '$CRM_TOKEN', 'X-Team': 'crm' } }
  const headers = [{ key: 'x-team', value: 'ops' }]
  await send(request(far.url, { body: 'plain words', headers }), channel(settings))
  const [unsigned, signed] = far.requests
  assert.deepEqual([unsigned!.method, unsigned!.headers['webhook-signature']], ['GET', undefined])
  assert.equal(unsigned!.headers['content-type'], undefined)
  assert.equal(signed!.headers['content-type'], 'text/plain; charset=utf-8')
  assert.equal(signed!.headers.authorization, 'Bearer abc')
  assert.equal(signed!.headers['x-team'], 'ops')
  new Webhook(SECRET).verify(signed!.body, signed!.headers as Record<string, string>, { jsonParse: false })
})

test('the status decides: 2xx is delivered, "not now" is not taken, anything else is refused with a piece of the body', async () => {
  const far = await receiver((response, { url }) => {
    response
      .writeHead(Number(url.slice(1)), { location: '/200' })
      .end(url === '/204' ? undefined : 'no\u0000such\nhook')
  })
  const send = sendWith()
  const kinds = {
    delivered: [200, 201, 202, 204, 299],
    not_taken: [408, 425, 429, 500, 502, 503, 504],
    refused: [300, 301, 302, 307, 308, 400, 401, 403, 404, 410, 422],
  }
  for (const [kind, statuses] of Object.entries(kinds)) {
    for (const status of statuses) {
      const result = await send(request(`${far.url}/${status}`))
      assert.equal(result.kind, kind, String(status))
      const isRedirect = [301, 302, 307, 308].includes(status)
      const said = isRedirect ? 'and leads elsewhere: redirects are not followed' : 'no such hook'
      if ('reason' in result) assert.ok(result.reason.startsWith(`answered ${status} ${said}`), result.reason)
    }
  }
  assert.equal(far.requests.length, Object.values(kinds).flat().length, 'no redirect was followed')
})

test('an answer without end is read only so far', { timeout: 60_000 }, async () => {
  const far = await receiver((response) => {
    response.writeHead(404)
    const write = (): void => {
      while (!response.destroyed && response.write('é'.repeat(10_000)));
    }
    response.on('drain', write)
    write()
  })
  const result = await sendWith()(request(far.url))
  assert.equal(result.kind, 'refused')
  assert.match((result as { reason: string }).reason, /^answered 404 é{400,520}\uFFFD?$/)
})

test('no server and no such name were not reached, no answer in time is unknown and may be repeated unless settings say no', async () => {
  const silent = await receiver(() => undefined)
  const gone = await httpReceiver()
  await gone.close()
  const send = sendWith()
  const reason = 'no answer within 2 s'
  const late = (message: Outgoing<HttpContent>, settings = {}) =>
    send(message, channel({ timeout_seconds: 2, ...settings }))
  const once = { idempotent: false }
  const ends = [
    late(request(silent.url)),
    late(request(silent.url), once),
    late(request(silent.url, { method: 'put' }), once),
  ]
  assert.deepEqual(
    await Promise.all(ends),
    [true, false, true].map((repeatable) => ({ kind: 'unknown', reason, repeatable })),
  )
  assert.equal((await send(request(gone.url))).kind, 'not_taken')
  assert.equal((await send(request('http://nowhere.invalid/'))).kind, 'not_taken')
})

test('what is handed over is told just before, and a far side that never takes the connection is not', async () => {
  const far = await receiver()
  const gone = await httpReceiver()
  await gone.close()
  const sender = createHttpSender({ BELAY_HTTP_ALLOW_PRIVATE: HostList.every }, {})
  after(() => sender.close())
  const told: number[] = []
  const attempt = { signal: never, onHandedOver: () => told.push(far.requests.length) }
  await sender.send(request(gone.url), channel(), attempt)
  assert.deepEqual(told, [])
  await sender.send(request(far.url), channel(), attempt)
  assert.deepEqual(told, [0])
})

test('a far side that hangs up on a request leaves its end unknown', async () => {
  const far = await receiver((response) => response.destroy())
  assert.equal((await sendWith()(request(far.url))).kind, 'unknown')
})

test('Retry-After is told, in seconds, rounded up, or as a date that counts from the far clock, and at most six hours', async () => {
  const cases: [Record<string, string>, number | undefined][] = [
    [{ 'retry-after': '120' }, 120_000],
    [{ 'retry-after': '99999999999999999999' }, 21_600_000],
    [{ 'retry-after': 'Wed, 21 Oct 2015 07:28:00 GMT', date: 'Wed, 21 Oct 2015 07:27:30 GMT' }, 30_000],
    [{ 'retry-after': 'Wed, 21 Oct 2015 07:28:00 GMT', date: 'Wed, 21 Oct 2015 08:00:00 GMT' }, 0],
    [{ 'retry-after': '1.2' }, 2_000],
    [{ 'retry-after': '0.001' }, 1_000],
    [{ 'retry-after': '30.0' }, 30_000],
    [{ 'retry-after': 'Wednesday, 21-Oct-15 07:28:00 GMT', date: 'Wed, 21 Oct 2015 07:27:30 GMT' }, 30_000],
    [{ 'retry-after': 'Wed Oct  7 07:28:00 2015', date: 'Wed, 07 Oct 2015 07:27:30 GMT' }, 30_000],
    [{ 'retry-after': 'soon' }, undefined],
    [{ 'retry-after': '1.5.2' }, undefined],
    [{ 'retry-after': '5s' }, undefined],
    [{ 'retry-after': '-5' }, undefined],
    [{}, undefined],
  ]
  for (const status of [429, 503]) {
    for (const [headers, retryAfterMs] of cases) {
      const far = await receiver((response) => response.writeHead(status, headers).end('later'))
      const asked = retryAfterMs === undefined ? {} : { retryAfterMs }
      const reason = `answered ${status} later`
      assert.deepEqual(await sendWith()(request(far.url)), { kind: 'not_taken', reason, ...asked })
    }
  }
})

test('an answer that breaks off after its status keeps its status', async () => {
  const far = await receiver((response) => {
    response.writeHead(200, { 'content-length': '10' }).write('five!')
    setImmediate(() => response.destroy())
  })
  assert.deepEqual(await sendWith()(request(far.url)), { kind: 'delivered' })
})

test('an aborted send ends at once', async () => {
  const calls = new EventEmitter()
  const far = await receiver(() => calls.emit('called'))
  const controller = new AbortController()
  const called = once(calls, 'called')
  const sending = sendWith()(request(far.url), channel(), controller.signal)
  await called
  controller.abort()
  assert.equal((await sending).kind, 'unknown')
})

test('a private address is refused before anything is sent, however it is written', async () => {
  const far = await receiver()
  const send = sendWith({ BELAY_HTTP_ALLOW_PRIVATE: HostList.none })
  const hosts =
    `127.0.0.1 localhost [::1] 2130706433 0x7f.1 [::ffff:127.0.0.1] 0.0.0.0 [::] 0 127.1 0x7f000001 017700000001 0177.0.0.1
    127.0.0.1. LOCALHOST loc%61lhost [::127.0.0.1] [::ffff:7f00:1] [64:ff9b::7f00:1] ①②⑦.⓪.⓪.① 127。0。0。1`.split(
      /\s+/,
    )
  for (const host of hosts) {
    const result = await send(request(`http://${host}:${far.port}/`))
    assert.equal(result.kind, 'not_sent', host)
    assert.match((result as { reason: string }).reason, /not a public address; BELAY_HTTP_ALLOW_PRIVATE/)
  }
  assert.equal(far.requests.length, 0)
  assert.deepEqual(await sendWith()(request(far.url)), { kind: 'delivered' })
})

test('a private host that is listed is reached, by its name, address or range, and no other', async () => {
  const far = await receiver()
  const reached = async (allowed: string, host: string) =>
    (
      await sendWith({ BELAY_HTTP_ALLOW_PRIVATE: new HostList(allowed.split(',')) })(
        request(`http://${host}:${far.port}/`),
      )
    ).kind
  for (const [allowed, host] of [
    ['127.0.0.1', '127.0.0.1'],
    ['127.0.0.0/8', '2130706433'],
    ['127.0.0.0/8', '[::ffff:127.0.0.1]'],
    ['localhost', 'LOCALHOST'],
    ['127.0.0.1,::1', 'localhost'],
  ] as const)
    assert.equal(await reached(allowed, host), 'delivered', `${allowed} ${host}`)
  for (const [allowed, host] of [
    ['10.0.0.0/8', '127.0.0.1'],
    ['localhost', '127.0.0.1'],
    ['*.localhost', 'localhost'],
    ['10.0.0.0/8', 'localhost'],
  ] as const)
    assert.equal(await reached(allowed, host), 'not_sent', `${allowed} ${host}`)
})

test('secrets go to hosts that are listed only, and nothing goes out where nobody listed any', async () => {
  const far = await receiver()
  const send = sendWith({ BELAY_HTTP_SECRET: SECRET, BELAY_HTTP_SECRET_HOSTS: undefined })
  const headers = { Authorization: 'Bearer abc' }
  const settings = { headers, secret_hosts: ['127.0.0.1', '*.hooks.example'] }
  assert.deepEqual(await send(request(far.url), channel(settings)), { kind: 'delivered' })
  assert.deepEqual(await send(request(`http://localhost:${far.port}`), channel(settings)), { kind: 'delivered' })
  const seen = far.requests.map((got) => [got.headers.authorization, got.headers['webhook-signature'] !== undefined])
  assert.deepEqual(seen, [
    ['Bearer abc', true],
    [undefined, false],
  ])
  for (const undecided of [{}, { headers }]) {
    const result = await send(request(far.url), channel(undecided))
    assert.equal(result.kind, 'not_sent')
    assert.match(
      (result as { reason: string }).reason,
      /list 127\.0\.0\.1, or "\*" for every host, in its secret_hosts/,
    )
  }
  assert.equal(far.requests.length, 2)
})

test('what cannot be a request is named, and nothing is sent', async () => {
  const far = await receiver()
  const withHeader = (key: string, value: string) => request(far.url, { headers: [{ key, value }] })
  const cases: [RegExp, Outgoing<HttpContent>, Channel?][] = [
    [/url must be an http/, request('ftp://files.example/')],
    [/url must be an http/, request('/relative')],
    [/url must not hold a login/, request('http://user:pass@hooks.example/')],
    [/header X-A must be one line/, withHeader('X-A', 'one\r\nX-B: two')],
    [/header "X-A: b\\r\\nX-C" is not a header name/, withHeader('X-A: b\r\nX-C', 'd')],
    ...['Host', 'content-length', 'Transfer-Encoding', 'connection', 'Webhook-Signature', 'IDEMPOTENCY-KEY'].map(
      (name): [RegExp, Outgoing<HttpContent>] => [new RegExp(`header ${name} is set by Belay`), withHeader(name, 'x')],
    ),
    [/environment variable HOOK_SECRET is not set/, request(far.url), channel({ secret: '$HOOK_SECRET' })],
    [/secret must be whsec_/, request(far.url), channel({ secret: 'hunter2' })],
    [/timeout_seconds/, request(far.url), channel({ timeout_seconds: 121 })],
    [/"timeout" is unknown here/, request(far.url), channel({ timeout: 3 })],
  ]
  for (const [reason, message, to] of cases) {
    const result = await sendWith()(message, to)
    assert.equal(result.kind, 'not_sent')
    assert.match((result as { reason: string }).reason, reason)
  }
  assert.equal(far.requests.length, 0)
})
