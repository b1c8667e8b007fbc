import assert from 'node:assert/strict'
import { rowId } from '../../store/ids/row-id.ts'
import { sendMoves, sendTriggers } from '../../temporal/send.ts'
import { STORE } from '../../testing/fixtures/recording.ts'
import { DAY, HOUR, timeline, type LiveRun } from '../../testing/fixtures/timeline.ts'

const REMINDER = [{ delay: 3 * DAY }, 'email_1'] as const

timeline('a second trigger joins the open run with sleeps of its own', REMINDER, async (run) => {
  const first = await run.trigger('user_1')
  await run.at(DAY)
  const second = await run.trigger('user_2', 'user_1')
  assert.equal(second, first)
  assert.equal((await run.state()).pending, 3)
  await run.closes(4 * DAY)
  await run.hasSent(['email_1', 'user_1', 3 * DAY], ['email_1', 'user_2', 4 * DAY], ['email_1', 'user_1', 4 * DAY])
})

timeline('the first trigger starts the run with its recipients, a second one signals it', REMINDER, async (run) => {
  const signals = async () => (await run.events()).filter(({ type }) => type === 'WORKFLOW_EXECUTION_SIGNALED').length
  await run.trigger('user_1', 'user_2')
  assert.equal((await run.state()).pending, 2)
  assert.equal(await signals(), 0)
  await run.trigger('user_3')
  assert.equal((await run.state()).pending, 3)
  assert.equal(await signals(), 1)
})

timeline('a trigger that takes the run for closed joins it all the same', REMINDER, async (run) => {
  const first = await run.trigger('user_1')
  await run.at(DAY)
  const second = await sendTriggers(run.target, run.address, [await run.accept('user_2')], true)
  assert.equal(second, first)
  await run.closes(4 * DAY)
  await run.hasSent(['email_1', 'user_1', 3 * DAY], ['email_1', 'user_2', 4 * DAY])
})

timeline('a trigger after the run closed starts a new one under the same ID', REMINDER, async (run) => {
  const first = await run.trigger('user_1')
  await run.at(DAY)
  await run.cancel()
  await run.closes(DAY)
  await run.at(2 * DAY)
  const second = await run.trigger('user_1')
  assert.notEqual(second, first)
  await run.closes(5 * DAY)
  await run.hasSent(['email_1', 'user_1', 5 * DAY])
})

timeline('a trigger sent twice adds nobody twice', REMINDER, async (run) => {
  const message = await run.accept('user_1', 'user_2')
  await run.send(message, message)
  await run.at(HOUR)
  await run.send(message)
  assert.equal((await run.state()).pending, 2)
  const counts = await run.closes(3 * DAY)
  assert.equal(counts?.sent, 2)
  assert.equal(run.store.handOuts.length, 2)
})

timeline('a cancel that overtakes its trigger holds, however often the trigger comes', REMINDER, async (run) => {
  await run.trigger('user_1')
  await run.at(HOUR)
  const late = await run.accept('user_2', 'user_3')
  await run.cancel('user_2')
  await run.send(late)
  await run.send(late)
  const { pending, canceled } = await run.state()
  assert.deepEqual({ pending, canceled }, { pending: 2, canceled: 1 })
  await run.closes(3 * DAY + HOUR)
  await run.hasSent(['email_1', 'user_1', 3 * DAY], ['email_1', 'user_3', 3 * DAY + HOUR])
  assert.equal(run.store.handOuts.length, 2)
})

timeline('a trigger repeated after a cancel does not bring the recipient back', REMINDER, async (run) => {
  const message = await run.accept('user_1', 'user_2')
  await run.send(message)
  await run.at(HOUR)
  await run.cancel('user_2')
  await run.send(message)
  assert.equal((await run.state()).pending, 1)
  await run.cancel('user_1')
  const counts = await run.closes(HOUR)
  assert.equal(counts?.canceled, 2)
})

timeline('a move that overtakes its trigger holds', REMINDER, async (run) => {
  await run.trigger('user_1')
  const late = await run.accept('user_2', 'user_3')
  await run.move(5 * DAY, 'user_2')
  await run.move(DAY, 'user_3')
  await run.send(late)
  await run.closes(5 * DAY)
  await run.hasSent(['email_1', 'user_3', DAY], ['email_1', 'user_1', 3 * DAY], ['email_1', 'user_2', 5 * DAY])
})

timeline('a run started by hand, with nobody in it, closes once it has read the store', REMINDER, async (run) => {
  const { workflowId, definition } = run.address
  const args = [{ definition, cancelationKey: null, store: STORE }]
  const handle = await run.client.workflow.start('notificationRun', { workflowId, taskQueue: 'belay', args })
  assert.deepEqual(await handle.result(), { sent: 0, canceled: 0, skipped: 0, failed: 0 })
  assert.deepEqual(run.store.pages, [null])
})

timeline('a run started by hand with an input it cannot read closes at once', REMINDER, async (run) => {
  const { workflowId, definition } = run.address
  const named = { definition, cancelationKey: null, store: STORE }
  const inputs = [
    [],
    [null],
    ['order_1'],
    [{ definition, cancelationKey: null }],
    [{ ...named, store: { id: 'x', epoch: 0.5 } }],
    [{ ...named, triggers: 'user_1' }],
    [{ ...named, triggers: [{ workflowRunId: 'run_1', sleepers: [{ lane: 'run', step: 'email_1' }] }] }],
    [{ ...named, carried: { counts: {}, triggers: [], newest: 0 } }],
  ]
  for (const args of inputs) {
    const handle = await run.client.workflow.start('notificationRun', { workflowId, taskQueue: 'belay', args })
    assert.deepEqual(await handle.result(), { sent: 0, canceled: 0, skipped: 0, failed: 0 })
  }
  assert.deepEqual(run.store.pages, [])
})

const ACT = 'http_fetch/act'
/** As the store tells of somebody whose step acts on the outside, due long after the test. */
const acting = (run: LiveRun, trigger: number) => {
  const id = rowId(trigger, 0)
  return { lane: ACT, step: 'fetch', due: run.instant(30 * DAY), revision: 7, rows: [[id, id]] as [number, number][] }
}

timeline(
  'a trigger told again, and a move, are heard where somebody in them stands in a step that acts on the outside',
  REMINDER,
  async (run) => {
    await run.trigger('user_1')
    const joins = await run.accept('user_2')
    const told = { workflowRunId: joins.workflowRunId, sleepers: [acting(run, 8), ...joins.sleepers] }
    await run.send(told)
    assert.equal((await run.state()).pending, 3)
    await sendMoves(run.target, run.address.workflowId, [acting(run, 9)])
    assert.equal((await run.state()).pending, 4)
    await run.handle.signal('cancel', {
      store: STORE,
      removed: [8, 9].map((trigger) => ({ lane: ACT, rows: acting(run, trigger).rows })),
    })
    await run.closes(3 * DAY)
    await run.hasSent(['email_1', 'user_1', 3 * DAY], ['email_1', 'user_2', 3 * DAY])
  },
)

timeline('a run that begins with somebody in such a step begins', REMINDER, async (run) => {
  const first = await run.accept('user_1')
  await run.send({ workflowRunId: first.workflowRunId, sleepers: [acting(run, 8), ...first.sleepers] })
  assert.equal((await run.state()).pending, 2)
  await run.handle.signal('cancel', { store: STORE, removed: [{ lane: ACT, rows: acting(run, 8).rows }] })
  await run.closes(3 * DAY)
  await run.hasSent(['email_1', 'user_1', 3 * DAY])
})
