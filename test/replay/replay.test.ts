import { DefaultLogger, Runtime, Worker, type ReplayResult } from '@temporalio/worker'
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { testBundle } from '../../testing/servers/bundle.ts'

// Recorded by scripts/write-histories.ts: what one shape of a run did on a real server, and must go on doing.
const histories = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith('.json'))
  .map((file) => file.replace('.json', ''))

const logging = { filter: { core: 'ERROR', other: 'ERROR' } } as const
Runtime.install({ logger: new DefaultLogger('ERROR'), telemetryOptions: { logging } })

interface Event {
  eventType: string
  workflowExecutionStartedEventAttributes?: { workflowType: { name: string } }
}

function read(name: string): { events: Event[] } {
  const text = readFileSync(new URL(`${name}.json`, import.meta.url), 'utf8')
  return JSON.parse(text) as { events: Event[] }
}

async function replay(history: { events: Event[] }): Promise<ReplayResult> {
  const options = { workflowBundle: await testBundle() }
  const one = [{ workflowId: 'reminder/order_1', history }]
  for await (const result of Worker.runReplayHistories(options, one)) return result
  throw new Error('nothing was replayed')
}

test('no history names a file by its whole path', () => {
  for (const name of histories) assert.doesNotMatch(JSON.stringify(read(name)), /\(\/|file:\/\/\//, name)
})

test('a history of each shape is there', () => {
  assert.deepEqual(histories, [
    'acting-and-canceled',
    'bulk-operation',
    'cancel-by-hand',
    'cancel-with-the-timer',
    'cancellation-request',
    'chunks-and-slots',
    'clock-ahead',
    'clocks-drift',
    'comes-back-as-it-was',
    'continues-as-new',
    'housekeeping-marks',
    'housekeeping',
    'input-by-hand',
    'instants-close-together',
    'join',
    'large-run',
    'measurement-forgotten',
    'move',
    'named-timers',
    'never-passes',
    'opened-and-canceled-at-once',
    'opened-by-its-trigger',
    'read-again',
    'removals-forgotten',
    'restored',
    'retry',
    'schedule-occurrence',
    'shown-by-a-timer',
    'shown-by-the-next-wake',
    'shown-late',
    'small-run-with-cancel',
    'was-continued',
    'webhook-delivery',
    'window-exceeded',
    'window-full',
    'window',
  ])
})

for (const name of histories) {
  test(`${name} replays`, async () => {
    const { error } = await replay(read(name))
    assert.equal(error, undefined)
  })
}

test('a run of another type does not replay', async () => {
  const history = read('small-run-with-cancel')
  history.events[0]!.workflowExecutionStartedEventAttributes!.workflowType.name = 'housekeeping'
  const { error } = await replay(history)
  assert.equal(error?.name, 'DeterminismViolationError')
})

test('a run that armed a timer less does not replay', async () => {
  const history = read('small-run-with-cancel')
  const at = history.events.findIndex(({ eventType }) => eventType === 'EVENT_TYPE_TIMER_STARTED')
  history.events[at] = { ...history.events[at]!, eventType: 'EVENT_TYPE_MARKER_RECORDED' }
  const { error } = await replay(history)
  assert.ok(error !== undefined)
})

test('in cancel-with-the-timer one task brings both, and nothing is handed out after it', () => {
  const types = read('cancel-with-the-timer').events.map(({ eventType }) => eventType.replace('EVENT_TYPE_', ''))
  const fired = types.indexOf('TIMER_FIRED')
  const task = types.indexOf('WORKFLOW_TASK_STARTED', fired)
  assert.ok(types.slice(fired, task).includes('WORKFLOW_EXECUTION_SIGNALED'))
  assert.ok(!types.slice(task).includes('ACTIVITY_TASK_SCHEDULED'))
  assert.equal(types.at(-1), 'WORKFLOW_EXECUTION_COMPLETED')
})
