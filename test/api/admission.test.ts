import { sql } from 'drizzle-orm'
import assert from 'node:assert/strict'
import express, { type NextFunction, type Request, type Response } from 'express'
import { EventEmitter, once } from 'node:events'
import { connect, type AddressInfo } from 'node:net'
import { describe, test } from 'node:test'
import { Admission, admitKeyless } from '../../api/http/admission.ts'
import { httpServer } from '../../api/http/front.ts'
import { inPipeline } from '../../api/http/in-pipeline.ts'
import { KeyedMutex } from '../../engine/keyed-mutex.ts'
import { query } from '../../store/postgres/database.ts'
import { catalog } from '../../testing/fixtures/seed.ts'
import { SECRET_KEY, startApi } from '../../testing/product/api-server.ts'
import { testPglite } from '../../testing/servers/pglite.ts'

type Enter = Parameters<Admission['enter']>
const request = { get: () => undefined } as unknown as Enter[0]
const response = () =>
  Object.assign(new EventEmitter(), { closed: false, req: { socket: { destroyed: false } } }) as unknown as Enter[1]

describe('how long requests wait', () => {
  const begun = (admission: Admission, count: number, kind: Enter[3]) =>
    Array.from({ length: count }, () => {
      const admitted = admission.enter(request, response(), null, kind)
      admitted.begin(0)
      return admitted
    })
  const isLetIn = (admission: Admission, kind: Enter[3]) => {
    try {
      admission.enter(request, response(), null, kind).done()
      return true
    } catch (error) {
      assert.match(String((error as { code?: unknown }).code), /^overloaded$/)
      return false
    }
  }

  test('while many wait for longer than five seconds, no further trigger is taken in, and then no further cancel', () => {
    let now = 0
    const admission = new Admission(() => now)
    const first = begun(admission, 32, 'large')
    now = 4_999
    assert.deepEqual([isLetIn(admission, 'large'), isLetIn(admission, 'plain')], [true, true])
    now = 5_001
    assert.deepEqual([isLetIn(admission, 'large'), isLetIn(admission, 'plain')], [false, true])
    begun(admission, 32, 'plain')
    now = 10_002
    assert.deepEqual([isLetIn(admission, 'large'), isLetIn(admission, 'plain')], [false, false])
    first[0]!.done()
    assert.deepEqual([isLetIn(admission, 'large'), isLetIn(admission, 'plain')], [false, true])
    for (const admitted of first) admitted.done()
    assert.deepEqual([isLetIn(admission, 'large'), isLetIn(admission, 'plain')], [false, true])
  })

  test('bodies that come slowly, and answers that are read slowly, do not count as waiting', () => {
    let now = 0
    const admission = new Admission(() => now)
    for (let n = 0; n < 40; n += 1) admission.enter(request, response(), null, 'large')
    for (const admitted of begun(admission, 40, 'large')) admitted.done()
    now = 60_000
    assert.ok(isLetIn(admission, 'large'))
  })

  test('calls that wait for each other under one key do not count as waiting, those that wait for their work do', async () => {
    let now = 0
    const admission = new Admission(() => now)
    const mutex = new KeyedMutex()
    const works: (() => void)[] = []
    const work = () => new Promise<void>((resolve) => works.push(resolve))
    const calls = begun(admission, 40, 'large').map((admitted) => admitted.notWaitingIn(mutex).run('key', work))
    // +1 min: one works, the others have waited for it.
    now = 60_000
    assert.ok(isLetIn(admission, 'large'))
    // One after the other has its work done, and all of them have something else to do after it.
    for (const [i, call] of calls.entries()) {
      while (works.length <= i) await new Promise(setImmediate)
      works[i]!()
      await call
    }
    now = 120_000
    assert.ok(!isLetIn(admission, 'large'))
  })

  test('calls that go through many keys one after the other count as waiting, but for what they waited for others', async () => {
    let now = 0
    const admission = new Admission(() => now)
    const turns = begun(admission, 32, 'large').map((admitted, i) => {
      const mutex = admitted.notWaitingIn(new KeyedMutex())
      return (key: number) => mutex.run(`${i} ${key}`, () => Promise.resolve())
    })
    // Each second they all are at their next key.
    for (let key = 1; key <= 4; key += 1) {
      now = key * 1_000
      for (const turn of turns) await turn(key)
    }
    assert.ok(isLetIn(admission, 'large'))
    now = 5_001
    assert.ok(!isLetIn(admission, 'large'))
  })

  test('one that waited for others for most of its time hides none that did not', async () => {
    let now = 0
    const admission = new Admission(() => now)
    const [waits] = begun(admission, 1, 'large')
    let release: () => void = () => undefined
    const held = waits!.notWaitingIn({
      run: (_key, work) => new Promise<void>((resolve) => (release = resolve)).then(work),
    })
    const work = held.run('key', () => new Promise(() => undefined))
    begun(admission, 32, 'large')
    now = 4_000
    release()
    await new Promise(setImmediate)
    now = 5_001
    assert.ok(!isLetIn(admission, 'large'))
    void work
  })
})

test('requests pipelined behind one that is under way are over when their connection ends', async (t) => {
  const admission = new Admission()
  const came = new EventEmitter()
  const app = express()
  app.use(inPipeline)
  app.get('/held', () => came.emit('held'))
  app.use(admitKeyless(admission, null))
  app.get('/counted', (_request, response) => {
    response.end()
    setImmediate(() => came.emit('counted'))
  })
  app.use((_error: unknown, _request: Request, response: Response, _next: NextFunction) => {
    response.status(503).end()
    setImmediate(() => came.emit('counted'))
  })
  const server = httpServer().on('request', app).listen(0, '127.0.0.1')
  t.after(() => server.close().closeAllConnections())
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const asks = (path: string) => `GET ${path} HTTP/1.1\r\nHost: here\r\n\r\n`
  server.on('connection', (socket) => socket.once('close', () => came.emit('gone')))
  // Five times 15, of the 64 that there is room for.
  for (let connection = 1; connection <= 5; connection += 1) {
    const socket = connect(port, '127.0.0.1')
    const gone = once(came, 'gone')
    socket.write(asks('/held') + asks('/counted').repeat(15))
    for (let n = 1; n <= 15; n += 1) await once(came, 'counted')
    socket.destroy()
    await gone
  }
  assert.equal((await fetch(`http://127.0.0.1:${port}/counted`)).status, 200)
})

test('a request whose caller has hung up by the time it is read is not worked for', async (t) => {
  const store = await testPglite()
  const api = await startApi(catalog, store)
  t.after(() => api.close())
  const ask = async (id: string) => {
    const socket = connect(Number(new URL(api.url).port), '127.0.0.1')
    const body = '{"name":"Ada"}'
    const head = [`PUT /v1/users/${id} HTTP/1.1`, 'Host: here', `Authorization: Bearer ${SECRET_KEY}`]
    await new Promise((resolve) => socket.once('connect', resolve))
    const closed = new Promise((resolve) => socket.once('close', resolve))
    await new Promise((resolve) =>
      socket.write([...head, `Content-Length: ${body.length}`, '', body].join('\r\n'), resolve),
    )
    return { socket, closed }
  }
  // +0 s: a caller asks and hangs up before the api's process gets to read.
  const gone = await ask('gone')
  gone.socket.destroy()
  await gone.closed
  // Then another asks, and is answered: the first has been read by then.
  assert.equal((await api.call('PUT', '/v1/users/later', { body: { name: 'Bob' } })).status, 200)
  const users = await query<{ id: string }>(store.db, sql`select id from users order by id`)
  assert.deepEqual(
    users.map(({ id }) => id),
    ['later'],
  )
})
