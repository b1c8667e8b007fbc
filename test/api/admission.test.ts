import { sql } from 'drizzle-orm'
import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { connect } from 'node:net'
import { describe, test } from 'node:test'
import { Admission } from '../../api/http/admission.ts'
import { query } from '../../store/postgres/database.ts'
import { catalog } from '../../testing/fixtures/seed.ts'
import { SECRET_KEY, startApi } from '../../testing/product/api-server.ts'
import { testPglite } from '../../testing/servers/pglite.ts'

type Enter = Parameters<Admission['enter']>
const request = { get: () => undefined } as unknown as Enter[0]
const response = () => Object.assign(new EventEmitter(), { closed: false }) as unknown as Enter[1]

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
