import assert from 'node:assert/strict'
import { EventEmitter, on, once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createSecureServer, type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { test, type TestContext } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { HttpClient, NoAnswer } from '../../channels/http-client.ts'
import { HostList } from '../../settings/host-list.ts'
import { makeCertificates } from '../../testing/servers/certificates.ts'
import { proxyTo } from '../../testing/servers/proxy.ts'

const asking = { everyMs: 400, answerMs: 1_000 }

/** A server behind a proxy that answers but to `/hangs`. */
async function lab(t: TestContext) {
  const made = makeCertificates()
  const read = (file: 'ca' | 'cert' | 'key') => readFileSync(made[file])
  const server = createSecureServer({ key: read('key'), cert: read('cert') })
  const arrived = new EventEmitter<{ hangs: [] }>()
  server.on('stream', (stream: ServerHttp2Stream, headers) => {
    stream.on('error', () => undefined)
    if (headers[':path'] === '/hangs') return void arrived.emit('hangs')
    stream.respond({ ':status': 200 })
    stream.end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const proxy = await proxyTo((server.address() as AddressInfo).port)
  const client = new HttpClient({ allowPrivate: HostList.every, http2: true, tls: { ca: read('ca') }, asking })
  t.after(async () => {
    await client.close()
    await proxy.close()
    server.close()
    made.remove()
  })
  const post = async (path: string) => {
    const began = performance.now()
    const { signal } = new AbortController()
    const call = { method: 'POST', headers: {}, body: '{}', timeoutMs: 30_000, signal } as const
    const end = await client.request({ ...call, url: new URL(`https://localhost:${proxy.port}${path}`) }).then(
      ({ status }) => status,
      (error: unknown) => (error instanceof NoAnswer && error.handedOver ? 'no answer' : String(error)),
    )
    return { end, ms: performance.now() - began }
  }
  /** Resolves once so many requests that hang have reached the server, counted from the call. */
  const hanging = async (requests: number) => {
    for await (const _ of on(arrived, 'hangs')) if (--requests === 0) return
  }
  return { proxy, post, hanging }
}

test('a session over HTTP/2 whose far side vanished is ended with what is under way on it, and the next request opens another', async (t) => {
  const { proxy, post, hanging } = await lab(t)
  assert.equal((await post('/')).end, 200)
  const both = hanging(2)
  const posts = [post('/hangs'), post('/hangs')]
  await both
  // A request that may not be repeated has its session to itself.
  assert.equal(proxy.connections, 2)
  proxy.silence()
  for (const { end, ms } of await Promise.all(posts)) {
    assert.equal(end, 'no answer')
    assert.ok(ms < 20_000, `after ${ms} ms, of the half minute it may take`)
  }
  assert.equal((await post('/')).end, 200)
  assert.equal(proxy.connections, 3)
})

test('a session that answers is kept, however long it rests and however slow an answer is', async (t) => {
  const { proxy, post } = await lab(t)
  assert.equal((await post('/')).end, 200)
  const slow = post('/hangs')
  await wait(1.5 * (asking.everyMs + 2 * asking.answerMs))
  assert.equal((await post('/')).end, 200)
  assert.equal(proxy.connections, 2)
  proxy.cut()
  assert.equal((await slow).end, 'no answer')
})
