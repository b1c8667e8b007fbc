import assert from 'node:assert/strict'
import { sql } from 'drizzle-orm'
import fc from 'fast-check'
import { after, before, describe, test } from 'node:test'
import { RateWindow } from '../../api/http/rate-window.ts'
import { openPostgres, query, type Store } from '../../store/postgres/database.ts'
import { forgetRateLimits, takeRequests } from '../../store/rate-limits/take-requests.ts'
import { assertRefused } from '../../testing/fixtures/refused.ts'
import { catalog, feedChannel, seedChannels } from '../../testing/fixtures/seed.ts'
import { SIGNING_PUBLIC_KEY, signUserToken } from '../../testing/fixtures/user-tokens.ts'
import { PUBLIC_KEY, startApi, type Answer, type ApiServer } from '../../testing/product/api-server.ts'
import { testPostgres, type TestDatabase } from '../../testing/servers/postgres.ts'
import { testPglite } from '../../testing/servers/pglite.ts'

const LIMITS = { BELAY_RATE_LIMIT: '10', BELAY_RATE_LIMIT_PER_USER: '2', BELAY_SIGNING_PUBLIC_KEY: SIGNING_PUBLIC_KEY }
/** At the begin of a window. */
const START = 1_700_000_000_000

let database: TestDatabase
let apis: ApiServer[]
before(async () => {
  database = await testPostgres()
  apis = []
  for (let n = 0; n < 2; n += 1) apis.push(await startApi(catalog, openPostgres(database.url), LIMITS))
  await seedChannels(apis[0]!.deps.store.db)
})
after(async () => {
  for (const api of apis) await api.close()
  await database.drop()
})

const setClocks = (now: number) => apis.forEach((api) => (api.clock.now = now))

/** So many requests, one after the other to one api and the other, all at once. */
function flood(count: number, request: (api: ApiServer) => Promise<Answer>): Promise<Answer[]> {
  return Promise.all(Array.from({ length: count }, (_, n) => request(apis[n % 2]!)))
}

const countOf = (answers: Answer[], status: number) => answers.filter((answer) => answer.status === status).length

test('of a key two apis together let through what the limit says, and say when to come again', async () => {
  setClocks(START + 1_200)
  const first = await flood(120, (api) => api.call('GET', '/v1/users'))
  // 10 a second are 50 a window; 3 of them may lie unused at one of the two, and one comes unasked.
  const let1 = countOf(first, 200)
  assert.ok(let1 >= 47 && let1 <= 51, `${let1} were let through`)
  const refused = first.filter(({ status }) => status !== 200)
  for (const answer of refused) {
    assertRefused(answer, 429, 'rate_limited')
    assert.equal(answer.headers.get('retry-after'), '4')
  }
  const later = await flood(20, (api) => api.call('GET', '/v1/users'))
  assert.ok(countOf(later, 200) <= 51 - let1)
  setClocks(START + 5_000)
  assert.equal(countOf(await flood(40, (api) => api.call('GET', '/v1/users')), 200), 40)
})

test('of a user likewise, whatever others and secret keys do', async () => {
  setClocks(START + 10_000)
  const asked = async (user: string) => {
    const headers = { 'x-knock-user-token': await signUserToken({ sub: user }) }
    const path = `/v1/users/${user}/feeds/${feedChannel.id}`
    return (api: ApiServer) => api.call('GET', path, { key: PUBLIC_KEY, headers })
  }
  const ofAda = await flood(30, await asked('ada'))
  const letIn = countOf(ofAda, 200)
  assert.ok(letIn >= 9 && letIn <= 11, `${letIn} were let through`)
  assert.equal(countOf(ofAda, 429), 30 - letIn)
  assert.equal(countOf(await flood(8, await asked('lin')), 200), 8)
  assert.equal(countOf(await flood(8, (api) => api.call('GET', '/v1/users')), 200), 8)
})

test('nothing is limited, and nothing counted, unless it is set', async () => {
  const free = await startApi(catalog)
  const answers = await Promise.all(Array.from({ length: 200 }, () => free.call('GET', '/v1/users')))
  assert.equal(countOf(answers, 200), 200)
  assert.deepEqual(await query(free.deps.store.db, sql`select * from rate_limits`), [])
  await free.close()
})

describe('windows over a store', () => {
  let store: Store
  let windows = 0
  before(async () => {
    store = await testPglite()
    await store.migrate()
  })
  after(() => store.close())

  test('however requests come to however many apis, the bounds hold', async () => {
    const arrivals = fc.array(fc.nat(3), { maxLength: 60 })
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 4 }),
        arrivals,
        async (limit, n, comes) => {
          windows += 1
          const startsAt = START + windows * 5_000
          const each = Array.from(
            { length: n },
            () => new RateWindow(startsAt, (asks) => takeRequests(store.db, asks, startsAt)),
          )
          const lets = await Promise.all(comes.map((at) => each[at % n]!.lets('key a', limit)))
          const through = lets.filter(Boolean).length
          assert.ok(through <= limit + n - 1, `${through} of ${limit}, ${n} apis`)
          const unused = limit / 20 < 1 ? 0 : Math.ceil(limit / 20) * (n - 1)
          assert.ok(through >= Math.min(comes.length, limit - unused), `${through} of ${limit}, ${n} apis`)
        },
      ),
      { numRuns: 40 },
    )
  })

  test('a thousand requests of a key are some twenty statements, and of a thousand users a few', async () => {
    for (const [subjectOf, most] of [
      [() => 'key a', 25],
      [(n: number) => `user ${n}`, 10],
    ] as const) {
      let statements = 0
      const window = new RateWindow(START + 3_600_000, (asks, startsAt) => {
        statements += 1
        return takeRequests(store.db, asks, startsAt)
      })
      const lets = await Promise.all(Array.from({ length: 1_000 }, (_, n) => window.lets(subjectOf(n), 1_000)))
      assert.ok(lets.every(Boolean))
      assert.ok(statements <= most, `${statements} statements`)
    }
  })

  test('counts of a window that is over are begun anew, and forgotten', async () => {
    const take = (startsAt: number) => takeRequests(store.db, [{ subject: 'key z', want: 3, limit: 3 }], startsAt)
    assert.equal((await take(START)).get('key z'), 3)
    assert.equal((await take(START)).get('key z'), 0)
    assert.equal((await take(START + 5_000)).get('key z'), 3)
    // An api whose clock is behind opens no window anew.
    assert.equal((await take(START)).get('key z'), 0)
    await forgetRateLimits(store.db, START + 70_000)
    const left = await query(store.db, sql`select * from rate_limits where subject = 'key z'`)
    assert.deepEqual(left, [])
  })

  test('without the store nobody is refused for their rate', async () => {
    const window = new RateWindow(START, () => Promise.reject(new Error('away')))
    for (let n = 0; n < 5; n += 1) assert.equal(await window.lets('key a', 1), true)
  })
})
