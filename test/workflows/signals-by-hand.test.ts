import assert from 'node:assert/strict'
import { rowId } from '../../store/ids/row-id.ts'
import { STORE } from '../../testing/fixtures/recording.ts'
import { DAY, timeline } from '../../testing/fixtures/timeline.ts'

const REMINDER = [{ delay: 3 * DAY }, 'email_1'] as const

const sleepers = { lane: 'run', step: 'email_1', revision: 9, due: 0, rows: [[rowId(1, 0), rowId(1, 0)]] }
const unreadable: [what: string, sleepers: object][] = [
  ['no lane', { ...sleepers, lane: undefined }],
  ['a lane that is none', { ...sleepers, lane: 'run walk' }],
  ['a step that is no text', { ...sleepers, step: 1 }],
  ['an instant no date can hold', { ...sleepers, due: 1e300 }],
  ['an instant in words', { ...sleepers, due: 'tomorrow' }],
  ['half a revision', { ...sleepers, revision: 1.5 }],
  ['an id that is not safe', { ...sleepers, rows: [[1, 2 ** 53]] }],
  ['a range of 10^9 ids', { ...sleepers, rows: [[1, 1e9]] }],
  ['a range that runs backwards', { ...sleepers, rows: [[9, 1]] }],
  ['a range of one number', { ...sleepers, rows: [[1]] }],
  ['names that are none', { ...sleepers, names: [7] }],
  ['tries in words', { ...sleepers, tries: 'three' }],
]

timeline('a trigger or a move that only looks like one changes nothing, and fails no task', REMINDER, async (run) => {
  await run.trigger('user_1')
  for (const input of [undefined, null, 'user_1', [], [{}], {}, { store: STORE }, { store: { id: 7, epoch: 1 } }]) {
    await run.handle.signal('trigger', input)
    await run.handle.signal('move', input)
  }
  for (const [, given] of unreadable) {
    await run.handle.signal('trigger', { store: STORE, triggers: [{ workflowRunId: 'x', sleepers: [given] }] })
    await run.handle.signal('move', { store: STORE, sleepers: [given] })
  }
  await run.handle.signal('move', { store: STORE, sleepers: [], reload: 'yes' })
  const removed = [{ lane: 'run', rows: [[1, 1e9]] }]
  await run.handle.signal('cancel', { store: STORE, removed })
  await run.handle.signal('cancel', { store: STORE, removed: [{ lane: 7, rows: [] }] })
  assert.equal((await run.state()).pending, 1)
  assert.deepEqual(run.store.pages, [])
  await run.closes(3 * DAY)
  await run.hasSent(['email_1', 'user_1', 3 * DAY])
  assert.deepEqual(run.store.takenOut, [])
})

timeline('signals of another store are ignored', REMINDER, async (run) => {
  await run.trigger('user_1', 'user_2')
  const store = { id: '00000000-0000-4000-8000-0000000000bb', epoch: 7 }
  await run.handle.signal('cancel', { store, removed: [{ lane: 'run', rows: [[rowId(1, 0), rowId(1, 1)]] }] })
  await run.handle.signal('move', { store, sleepers: [sleepers], reload: true })
  await run.handle.signal('trigger', { store, triggers: [{ workflowRunId: 'x', sleepers: [sleepers] }] })
  const { pending, canceled } = await run.state()
  assert.deepEqual({ pending, canceled }, { pending: 2, canceled: 0 })
  assert.deepEqual(run.store.pages, [])
  await run.closes(3 * DAY)
  assert.equal(run.store.handOuts.length, 2)
})

timeline('a due as late as a date can be, told by hand, waits and fails no task', REMINDER, async (run) => {
  await run.trigger('user_1')
  const row = rowId(1, 0)
  const late = { lane: 'run', step: 'email_1', revision: 2, due: 8.64e15, rows: [[row, row]] }
  await run.handle.signal('move', { store: STORE, sleepers: [late] })
  assert.equal((await run.state()).nextDue, '+275760-09-13T00:00:00.000Z')
  await run.handle.signal('move', { store: STORE, sleepers: [], reload: true })
  assert.equal((await run.state()).nextDue, new Date(run.instant(3 * DAY)).toISOString())
  await run.closes(3 * DAY)
  await run.hasSent(['email_1', 'user_1', 3 * DAY])
})
