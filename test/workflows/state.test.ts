import fc from 'fast-check'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { idsOf, toRanges, type Carried, type Sleepers } from '../../workflows/messages.ts'
import { RunState } from '../../workflows/run-state.ts'
import { StoreAndRun } from '../../testing/product/store-and-run.ts'

const choice = fc.nat({ max: 1_000_000 })
const commands = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.tuple(fc.constant('trigger' as const), choice, choice) },
    { weight: 8, arbitrary: fc.tuple(fc.constant('arrive' as const), choice, choice) },
    { weight: 2, arbitrary: fc.tuple(fc.constant('resend' as const), choice, choice) },
    { weight: 2, arbitrary: fc.tuple(fc.constant('cancel' as const), choice, choice) },
    { weight: 3, arbitrary: fc.tuple(fc.constant('move' as const), choice, choice) },
    { weight: 4, arbitrary: fc.tuple(fc.constant('handOut' as const), choice, choice) },
    { weight: 4, arbitrary: fc.tuple(fc.constant('settle' as const), choice, choice) },
    { weight: 1, arbitrary: fc.tuple(fc.constant('continueAsNew' as const), choice, choice) },
  ),
  { maxLength: 150, size: 'max' },
)

test('whatever the order of signals and deliveries, each recipient is handed out in time, once, and never after a cancel', () => {
  fc.assert(
    fc.property(commands, (sequence) => {
      const both = new StoreAndRun()
      for (const [command, a, b] of sequence) both[command](a, b)
      both.finish()
    }),
    { numRuns: 1_000 },
  )
})

const group = fc.record({
  step: fc.constantFrom('in_app_1', 'email_1'),
  revision: fc.integer({ min: 1, max: 3 }),
  due: fc.integer({ min: 0, max: 20 }),
  rows: fc.uniqueArray(fc.integer({ min: 1, max: 80 }), { minLength: 1, maxLength: 12 }).map(toRanges),
})

test('a run that continues as new goes on as if it had not', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.constantFrom('add' as const, 'move' as const, 'remove' as const), group), {
        maxLength: 30,
        size: 'max',
      }),
      (calls) => {
        const before = new RunState()
        for (const [call, sleepers] of calls) {
          if (call === 'remove') before.remove(idsOf(sleepers.rows))
          else before[call](sleepers)
        }
        const after = new RunState(carriedOver(before))
        assert.deepEqual([after.pending, after.nextDue], [before.pending, before.nextDue])
        // What was told of rows that had not come yet holds on the other side, too.
        const added = new Set(calls.flatMap(([call, { rows }]) => (call === 'add' ? idsOf(rows) : [])))
        const rows = toRanges(idsOf([[1, 80]]).filter((id) => !added.has(id)))
        const late: Sleepers = { step: 'email_1', revision: 1, due: 5, rows }
        before.add(late)
        after.add(late)
        assert.deepEqual(after.counts, before.counts)
        for (let now = 0; now <= 20; now += 1) assert.deepEqual(handedOut(after, now), handedOut(before, now))
        assert.deepEqual([after.pending, before.pending], [after.delivering, before.delivering])
      },
    ),
  )
})

function carriedOver(state: RunState): Carried {
  return JSON.parse(JSON.stringify(state.carry())) as Carried
}

/** Row, revision and step of everybody due. */
function handedOut(state: RunState, now: number): string[] {
  return state
    .takeDue(now, 100, 100)
    .flatMap(({ step, rows }) => rows.flatMap((row) => idsOf(row.ids).map((id) => `${id} ${row.revision} ${step}`)))
    .sort()
}

test('100,000 sleepers, each with an instant and a trigger of their own, are carried in less than 2 MB', () => {
  const state = new RunState()
  const names = (i: number) => [`user_${i}`.padEnd(256, 'x')]
  for (let i = 1; i <= 100_000; i += 1) {
    // Scattered over a year; 7,919 is prime, so that no two are the same.
    const due = 1_800_000_000_000 + ((i * 7_919 * 65_537) % (365 * 24 * 3_600_000))
    state.add({ step: 'email_1', revision: 1, due, rows: [[i * 16_384, i * 16_384]], names: names(i) })
  }
  const carried = JSON.stringify(state.carry())
  assert.ok(carried.length < 2 * 1024 * 1024, `${carried.length} bytes`)
  const after = new RunState(JSON.parse(carried) as Carried)
  assert.equal(after.pending, 100_000)
  assert.equal(after.nextDue, state.nextDue)
})

test('a small run carries the names of its recipients', () => {
  const state = new RunState()
  state.add({ step: 'email_1', revision: 1, due: 9, rows: [[1, 2]], names: ['user_1', 'user_2'] })
  state.add({ step: 'email_1', revision: 1, due: 5, rows: [[7, 7]] })
  const after = new RunState(carriedOver(state))
  assert.deepEqual(
    [...after.sleepers].map(([id, { name }]) => [id, name]),
    [
      [1, 'user_1'],
      [2, 'user_2'],
      [7, undefined],
    ],
  )
})

test('a hand-out holds at most so many chunks, each of one step and at most so large', () => {
  const state = new RunState()
  for (let step = 0; step < 20; step += 1) {
    state.add({ step: `step_${step}`, revision: 1, due: 5, rows: [[step * 100, step * 100 + 29]] })
  }
  assert.deepEqual(state.takeDue(4, 8, 10), [])
  const chunks = state.takeDue(5, 8, 10)
  assert.equal(chunks.length, 8)
  for (const chunk of chunks) assert.ok(chunk.size <= 10)
  assert.deepEqual(state.takeDue(5, 0, 10), [])
  assert.deepEqual(state.takeDue(5, -1, 10), [])
  assert.equal(state.delivering + state.sleepers.size, 600)
})

test('ids survive as ranges, the fewest there can be', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat({ max: 300 }), { size: 'max', maxLength: 200 }), (ids) => {
      const sorted = [...ids].sort((a, b) => a - b)
      const ranges = toRanges(ids)
      assert.deepEqual(idsOf(ranges), sorted)
      const starts = sorted.filter((id) => !ids.includes(id - 1))
      assert.equal(ranges.length, starts.length)
    }),
  )
})
