import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { temporalCli } from '../../testing/servers/binaries.ts'
import { DAY, timeline, type LiveRun } from '../../testing/fixtures/timeline.ts'

const REMINDER = [{ delay: 3 * DAY }, 'email_1'] as const

/** As somebody at a terminal does it. */
async function signalByHand(run: LiveRun, input?: unknown): Promise<void> {
  const server = ['--address', run.env.address, '--namespace', run.client.options.namespace]
  const signal = ['--workflow-id', run.address.workflowId, '--name', 'cancel']
  const inputs = input === undefined ? [] : ['--input', JSON.stringify(input)]
  await promisify(execFile)(await temporalCli(), ['workflow', 'signal', ...server, ...signal, ...inputs])
}

timeline('without an argument it cancels everybody', REMINDER, async (run) => {
  await run.trigger('user_1', 'user_2')
  await run.at(DAY)
  await signalByHand(run)
  const counts = await run.closes(DAY)
  assert.deepEqual(run.store.handOuts, [])
  assert.equal(counts?.canceled, 2)
})

timeline('with an empty object, or recipients null, it cancels everybody', REMINDER, async (run) => {
  await run.trigger('user_1')
  await signalByHand(run, { recipients: null, reason: 'no longer due' })
  await run.closes(0)
  await run.at(DAY)
  await run.trigger('user_1')
  await signalByHand(run, {})
  await run.closes(DAY)
  assert.deepEqual(run.store.handOuts, [])
  assert.deepEqual(run.store.takenOut, [{ recipients: null, reason: 'no longer due' }, {}])
})

timeline('with recipients it cancels those, users by id and objects by collection and id', REMINDER, async (run) => {
  await run.trigger('user_1', 'user_2', 'projects#p1', 'projects#p2')
  await run.at(DAY)
  await signalByHand(run, { recipients: ['user_1', { collection: 'projects', id: 'p1' }] })
  assert.equal((await run.state()).pending, 2)
  const counts = await run.closes(3 * DAY)
  await run.hasSent(['email_1', 'user_2', 3 * DAY], ['email_1', 'projects#p2', 3 * DAY])
  assert.deepEqual(counts, { sent: 2, canceled: 2, skipped: 0, failed: 0 })
})

timeline('with a workflow_run_id it cancels that trigger', REMINDER, async (run) => {
  const first = await run.accept('user_1')
  const second = await run.accept('user_1', 'user_2')
  await run.send(first, second)
  await signalByHand(run, { workflow_run_id: second.workflowRunId })
  await run.closes(3 * DAY)
  await run.hasSent(['email_1', 'user_1', 3 * DAY])
})

const unreadable: [string, unknown][] = [
  ['a field spelt wrong', { recipient: ['user_1'] }],
  ['one right field beside a wrong one', { recipients: ['user_1'], dryRun: true }],
  ['recipients that are no list', { recipients: 'user_1' }],
  ['an empty list', { recipients: [] }],
  ['a recipient that is neither id nor object', { recipients: [{ id: 'p1' }] }],
  ['a text the store cannot hold', { reason: 'a\0b' }],
  ['a bare text', 'user_1'],
  ['a list', ['user_1']],
]

timeline('what it cannot read cancels nobody', REMINDER, async (run) => {
  await run.trigger('user_1')
  for (const [what, input] of unreadable) {
    await run.handle.signal('cancel', input)
    assert.equal((await run.state()).pending, 1, what)
  }
  await signalByHand(run, { recipient: ['user_1'] })
  await run.closes(3 * DAY)
  await run.hasSent(['email_1', 'user_1', 3 * DAY])
  assert.deepEqual(run.store.takenOut, [])
})

timeline('Temporal’s own cancellation cancels everybody, and the run closes as canceled', REMINDER, async (run) => {
  await run.trigger('user_1', 'user_2')
  await run.at(DAY)
  await run.handle.cancel()
  await run.closes(DAY, 'CANCELLED')
  await run.at(4 * DAY)
  assert.deepEqual(run.store.handOuts, [])
  assert.deepEqual(run.store.takenOut, [{ reason: 'canceled through Temporal' }])
})

timeline(
  'Temporal’s own cancellation before the first task cancels everybody',
  REMINDER,
  async (run) => {
    await run.trigger('user_1')
    await run.handle.cancel()
    await run.startWorker()
    await run.closes(0, 'CANCELLED')
    assert.deepEqual(run.store.handOuts, [])
    assert.equal(run.store.takenOut.length, 1)
  },
  { workerLater: true },
)

timeline('a trigger that joins a run being canceled is served', REMINDER, async (run) => {
  await run.trigger('user_1')
  await run.state()
  let release = () => {}
  run.store.hold = new Promise((resolve) => (release = resolve))
  await run.handle.cancel()
  await run.has('ACTIVITY_TASK_SCHEDULED')
  while (run.store.takenOut.length === 0) await run.handle.describe()
  const late = await run.trigger('user_2')
  release()
  await run.closes(3 * DAY, 'CANCELLED')
  await run.hasSent(['email_1', 'user_2', 3 * DAY])
  assert.equal(late, (await run.handle.describe()).runId)
})

timeline(
  'a trigger accepted after it is served, though both wait for the same worker',
  REMINDER,
  async (run) => {
    await run.trigger('user_1')
    await run.state()
    await run.stopWorker()
    await signalByHand(run)
    await run.trigger('user_2')
    await run.startWorker()
    await run.closes(3 * DAY)
    await run.hasSent(['email_1', 'user_2', 3 * DAY])
  },
  // No cache: a task meant for a worker that has gone is not given to the next one by this server.
  { maxCachedWorkflows: 0 },
)

timeline('a cancel by hand at the very instant goes before the step', ['email_1'], async (run) => {
  await run.stopWorker()
  await run.trigger('user_1')
  await signalByHand(run, { recipients: ['user_1'] })
  await run.startWorker()
  await run.closes(0)
  assert.deepEqual(run.store.handOuts, [])
})
