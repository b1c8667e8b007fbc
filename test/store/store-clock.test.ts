import fc from 'fast-check'
import assert from 'node:assert/strict'
import test, { describe } from 'node:test'
import { sql } from 'drizzle-orm'
import { openClock } from '../../store/clock/open-clock.ts'
import { estimate, type RoundTrip } from '../../store/clock/round-trips.ts'
import { StoreClock } from '../../store/clock/store-clock.ts'
import { query } from '../../store/postgres/database.ts'
import { onEachStore } from '../../testing/servers/each-store.ts'
import { catalog } from '../../testing/fixtures/seed.ts'

/** A host and a store whose clocks the test sets; the store answers after `there` and `back` milliseconds. */
function world({ monotonic = 1_000, host = 1_700_000_000_000, store = 1_700_000_000_000, there = 2, back = 2 } = {}) {
  const world = {
    monotonic,
    host,
    store,
    asked: 0,
    away: false,
    lines: [] as string[],
    pass(ms: number) {
      for (const name of ['monotonic', 'host', 'store'] as const) world[name] += ms
    },
  }
  const line = (_fields: unknown, text: string) => void world.lines.push(text)
  const clock = new StoreClock({
    log: { warn: line, info: line } as unknown as ConstructorParameters<typeof StoreClock>[0]['log'],
    monotonic: () => world.monotonic,
    host: () => world.host,
    ask: () => {
      world.asked += 1
      if (world.away) return Promise.reject(new Error('away'))
      const sentAt = world.monotonic
      world.pass(there)
      const storeMs = world.store
      world.pass(back)
      return Promise.resolve([{ sentAt, receivedAt: world.monotonic, storeMs }])
    },
  })
  return { world, clock }
}

describe('the clock of the store', () => {
  test('half of the shortest round trip bounds the error, whatever the others did', () => {
    const trip = fc.record({
      there: fc.double({ min: 0, max: 5_000, noNaN: true }),
      back: fc.double({ min: 0, max: 5_000, noNaN: true }),
    })
    fc.assert(
      fc.property(
        fc.array(trip, { minLength: 1, maxLength: 5 }),
        fc.integer({ min: -1e9, max: 1e9 }),
        (trips, ahead) => {
          let monotonic = 50
          const seen: RoundTrip[] = trips.map(({ there, back }) => {
            const sentAt = monotonic
            monotonic += there + back
            return { sentAt, receivedAt: monotonic, storeMs: sentAt + there + ahead }
          })
          const { base, uncertaintyMs } = estimate(seen)
          assert.ok(uncertaintyMs <= Math.min(...trips.map(({ there, back }) => there + back)) / 2 + 1e-6)
          assert.ok(Math.abs(base - ahead) <= uncertaintyMs + 1e-6)
        },
      ),
    )
  })

  test("it is the host's until it is measured, then the store's", async () => {
    const { world: w, clock } = world({ store: 1_700_000_090_000 })
    assert.equal(clock.now(), w.host)
    assert.equal(clock.skewMs, null)
    assert.equal(await clock.measure(), true)
    assert.equal(clock.now(), w.store)
    w.pass(12_345)
    assert.equal(clock.now(), w.store)
    assert.equal(clock.skewMs, -90_000)
  })

  test('a host clock that is set changes nothing, and makes it measure anew', async () => {
    const { world: w, clock } = world()
    await clock.measure()
    w.pass(5_000)
    w.host += 3_600_000
    assert.equal(clock.now(), w.store)
    await clock.measure()
    assert.equal(w.asked, 2, 'the look for a jump asked, and who asks meanwhile waits for the same answer')
    assert.equal(clock.now(), w.store)
    assert.equal(clock.skewMs, 3_600_000)
  })

  test('a machine that slept, whose monotonic clock stood still, is put right by the next answer', async () => {
    const { world: w, clock } = world()
    await clock.measure()
    w.host += 60_000
    w.store += 60_000
    w.pass(1_000)
    clock.now()
    await clock.measure()
    assert.equal(w.asked, 2)
    assert.equal(clock.now(), w.store)
    assert.equal(clock.skewMs, 0)
  })

  test('a store that is away costs nothing but a new question', async () => {
    const { world: w, clock } = world({ store: 1_700_000_030_000 })
    await clock.measure()
    w.away = true
    w.pass(60_000)
    assert.equal(await clock.measure(), false)
    assert.equal(clock.now(), w.store)
  })

  test('more than two seconds apart is told once, and so is its end', async () => {
    const { world: w, clock } = world({ store: 1_700_000_030_000 })
    await clock.measure()
    await clock.measure()
    assert.match(clock.warning ?? '', /^this host's clock is 30\.0 s behind the store's/)
    assert.equal(w.lines.length, 1)
    w.host += 29_000
    await clock.measure()
    assert.equal(clock.warning, undefined)
    assert.equal(w.lines.length, 2)
  })
})

onEachStore(catalog, (db) => {
  test('it agrees with the store it was measured on', async () => {
    const lines: unknown[] = []
    const log = { warn: (line: unknown) => lines.push(line), info: (line: unknown) => lines.push(line) }
    const clock = await openClock(db(), log)
    try {
      const before = clock.now()
      const [row] = await query<{ ms: number }>(
        db(),
        sql`select (extract(epoch from clock_timestamp()) * 1000)::float8 as ms`,
      )
      const after = clock.now()
      const slack = 2 + 2 * (clock.uncertaintyMs ?? 0)
      assert.ok(row!.ms >= before - slack && row!.ms <= after + slack, `${row!.ms} is not in ${before} .. ${after}`)
      assert.deepEqual(lines, [])
    } finally {
      await clock.close()
    }
  })
})
