import fc from 'fast-check'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { idsOf, toRanges } from '../../workflows/ranges.ts'
import type { ChunkResult } from '../../workflows/run-activities.ts'
import type { Sleepers } from '../../workflows/sleepers.ts'
import { RunState } from '../../workflows/run-state.ts'
import { StoreAndRun } from '../../testing/product/store-and-run.ts'

const choice = fc.nat({ max: 1_000_000 })
const command = <Name extends string>(name: Name) => fc.tuple(fc.constant(name), choice, choice)
const commands = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: command('trigger') },
    { weight: 8, arbitrary: command('arrive') },
    { weight: 2, arbitrary: command('resend') },
    { weight: 2, arbitrary: command('cancel') },
    { weight: 3, arbitrary: command('move') },
    { weight: 4, arbitrary: command('handOut') },
    { weight: 4, arbitrary: command('settle') },
    { weight: 2, arbitrary: command('settleLate') },
    { weight: 5, arbitrary: command('readPage') },
    { weight: 5, arbitrary: command('pageArrives') },
    { weight: 1, arbitrary: command('reload') },
    { weight: 1, arbitrary: command('continueAsNew') },
  ),
  { maxLength: 150, size: 'max' },
)

test('whatever the order of signals, pages and results: everybody is served, nobody early, twice at once, or after a cancel', () => {
  fc.assert(
    fc.property(commands, (sequence) => {
      const both = new StoreAndRun()
      for (const [name, a, b] of sequence) both[name](a, b)
      both.finish()
    }),
    { numRuns: 2_000 },
  )
})

const asleep = (rows: Sleepers['rows'], more: Partial<Sleepers> = {}): Sleepers => {
  return { lane: 'run', step: 'email_1', revision: 1, due: 5, rows, ...more }
}
const result = (more: Partial<ChunkResult>): ChunkResult => {
  return { now: 5, asleep: [], sent: 0, canceled: 0, skipped: 0, failed: 0, ...more }
}

test('a hand-out holds at most so many chunks of a kind, each of one lane and at most so large', () => {
  const state = new RunState()
  for (let number = 0; number < 5; number += 1) {
    state.add(asleep([[100, 159]], { lane: `email/${number}` }))
    state.add(asleep([[100, 159]], { lane: `sms/${number}` }))
  }
  state.add(asleep([[100, 399]]))
  assert.deepEqual(
    state.takeDue(4, () => 8, 10),
    [],
  )
  const chunks = state.takeDue(5, (kind) => (kind === 'run' ? 8 : 4), 10)
  for (const chunk of chunks) assert.ok(chunk.size <= 10)
  const ofKind = (kind: string) => chunks.filter(({ lane }) => lane.startsWith(kind)).length
  assert.deepEqual([ofKind('run'), ofKind('email'), ofKind('sms')], [8, 4, 4])
  assert.deepEqual(
    state.takeDue(5, (kind) => (kind === 'run' ? 8 : 4), 10),
    [],
  )
  assert.equal(state.acting + state.asleep, 900)
})

test('a chunk that comes back as it was is handed out again after a second, and ever later', () => {
  const state = new RunState()
  state.add(asleep([[1, 3]]))
  let now = 5
  const waits: number[] = []
  for (let round = 0; round < 7; round += 1) {
    const [chunk] = state.takeDue(now, () => 1, 500)
    assert.ok(chunk !== undefined)
    state.settle(chunk, result({ now, asleep: [asleep([[1, 3]])] }))
    assert.deepEqual(
      state.takeDue(now, () => 1, 500),
      [],
    )
    waits.push(state.nextDue! - now)
    now = state.nextDue!
  }
  assert.deepEqual(waits, [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000])
  const [chunk] = state.takeDue(now, () => 1, 500)
  state.settle(chunk!, result({ now, asleep: [asleep([[2, 3]])] }))
  assert.equal(state.nextDue, 5, 'where something moves, nobody waits')
})

test('a chunk halved goes on as two, down to a row that is given up', () => {
  const state = new RunState()
  state.add(asleep([[1, 2]]))
  state.add(asleep([[9, 9]], { revision: 4 }))
  const [chunk] = state.takeDue(5, () => 1, 500)
  const halves = state.halve(chunk!)
  assert.deepEqual(
    halves.map(({ size }) => size),
    [2, 1],
  )
  const rows = halves.flatMap((half) =>
    half.rows.flatMap(({ revision, ids }) => idsOf(ids).map((id) => [id, revision])),
  )
  assert.deepEqual(rows.sort(), [
    [1, 1],
    [2, 1],
    [9, 4],
  ])
  assert.deepEqual(
    state.takeDue(5, () => 2, 500),
    [],
    'both take a slot',
  )
  for (const half of halves) state.settle(half)
  assert.ok(state.isOver)
})

test('a window keeps the earliest, counts the rest, and asks for them before it runs dry', () => {
  const state = new RunState(undefined, true, { window: 10, slack: 5 })
  for (let id = 1; id <= 16; id += 1) state.add(asleep([[id, id]], { due: 100 - id }))
  assert.deepEqual([state.asleep, state.pending], [10, 16])
  assert.deepEqual(state.window.edge, { due: 93, lane: 'run', row: 7 })
  assert.equal(state.wantsPage, false)
  state.add(asleep([[99, 99]], { due: 94 }))
  assert.deepEqual([state.asleep, state.pending], [10, 17])
  const chunks = state.takeDue(89, () => 1, 6)
  state.settle(chunks[0]!, result({}))
  assert.equal(state.wantsPage, true)
  assert.equal(state.isOver, false)
})

test('a cancel of many beyond the window is counted, though nobody of them was met', () => {
  const state = new RunState(undefined, true, { window: 10, slack: 5 })
  state.add(asleep([[1, 100]]))
  assert.equal(state.pending, 100)
  state.remove([{ lane: 'run', rows: [[1, 60]] }])
  assert.deepEqual([state.pending, state.counts.canceled], [40, 60])
  state.remove([{ lane: 'run', rows: [[1, 60]] }])
  assert.deepEqual([state.pending, state.counts.canceled], [40, 60])
})

test('one recipient taken out of two lanes counts once', () => {
  const state = new RunState()
  state.add(asleep([[1, 2]]))
  state.add(asleep([[1, 1]], { lane: 'email/0' }))
  state.remove([
    { lane: 'run', rows: [[1, 1]] },
    { lane: 'email/0', rows: [[1, 1]] },
  ])
  assert.deepEqual([state.pending, state.counts.canceled], [1, 1])
})

test('what a run carries holds no sleepers', () => {
  const state = new RunState()
  for (let i = 1; i <= 100_000; i += 1) state.add(asleep([[i, i]], { due: i, names: [`user_${i}`] }))
  for (let i = 0; i < 100; i += 1) state.triggers.add(`trigger_${i}`)
  const carried = state.carry(50)
  assert.equal(carried.newest, 100_000)
  assert.deepEqual(carried.triggers, [...state.triggers].slice(-50))
  assert.ok(JSON.stringify(carried).length < 5_000)
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
