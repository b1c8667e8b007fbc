import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BatchStep, DelayStep, ThrottleStep } from '../../definitions/step.ts'
import { windowOf } from '../../steps/batch/window.ts'
import { planDelay } from '../../steps/delay/delay.ts'
import { delayKind } from '../../steps/delay/kind.ts'
import { windowEnd } from '../../steps/throttle/window.ts'
import { notificationsFolder, problemsOf } from '../../testing/fixtures/notifications-folder.ts'
import { testScope } from '../../testing/fixtures/scope.ts'
import { catalogOfFiles } from '../../testing/fixtures/walked.ts'

const feed = { ref: 'feed_1', type: 'channel', channel_type: 'in_app_feed', template: { markdown_body: 'Hi' } }
const stepsOf = (path: unknown) => [
  { ref: 'delay_1', type: 'delay', settings: { delay_until_field_path: path } },
  { ref: 'batch_1', type: 'batch', settings: { batch_until_field_path: path } },
  { ref: 'throttle_1', type: 'throttle', settings: { throttle_window_field_path: path } },
  feed,
]
const from = Date.parse('2030-01-31T12:00:00Z')
const due = Date.parse('2030-02-01T09:00:00Z')
const items = [{ due_at: '2030-02-01T09:00:00Z' }]

/** What the three steps that have such a path make of it. */
async function readBy(path: string) {
  const { definitions } = await catalogOfFiles({ hello: { steps: stepsOf(path) } })
  const { steps } = definitions.get('hello')!.definition
  const [delay, batch, throttle] = steps as [DelayStep, BatchStep, ThrottleStep]
  const scope = testScope({ data: { items, grid: [[], items] }, recipient: { id: 'u1', properties: { items } } })
  const window = windowOf(batch, scope, from, 'Etc/UTC')
  return {
    delay: planDelay(delay, scope, from),
    batch: typeof window === 'string' ? window : window.closesAt,
    throttle: windowEnd(throttle, scope, from, 'Etc/UTC'),
    atTrigger: delayKind.planAtTrigger!(delay, { data: { items }, skipDelay: false }, from),
    kept: delay.delayUntil,
  }
}

test('a path goes into lists, by brackets and by dots', async () => {
  for (const path of [
    'data.items[0].due_at',
    'data.items.0.due_at',
    'recipient.items[0].due_at',
    'data.grid[1][0].due_at',
  ]) {
    const { delay, batch, throttle } = await readBy(path)
    assert.deepEqual([delay, batch, throttle], [{ due }, due, due], path)
  }
  assert.deepEqual((await readBy('data.items[0].due_at')).atTrigger, { due })
  assert.equal((await readBy('recipient.items[0].due_at')).atTrigger, null)
})

test('it is kept with dots, as what was kept before is read', async () => {
  assert.equal((await readBy('data.items[0].due_at')).kept, 'data.items.0.due_at')
  assert.equal((await readBy('data.items.0.due_at')).kept, 'data.items.0.due_at')
})

test('what is no such path is refused, and what would be right is said, whatever it is instead', async () => {
  for (const path of [
    'due_at',
    'data',
    'data.',
    'data..x',
    'data.a b',
    'data.items[x]',
    'event.at',
    'refs.a.at',
    5,
    { a: 1 },
  ]) {
    const problems = await problemsOf(notificationsFolder({ 'hello/workflow.json': { steps: stepsOf(path) } }))
    assert.deepEqual(
      problems.map(({ step, field, message }) => `${step} ${field} ${message}`),
      [
        ['delay_1', 'settings.delay_until_field_path'],
        ['batch_1', 'settings.batch_until_field_path'],
        ['throttle_1', 'settings.throttle_window_field_path'],
      ].map(
        ([step, field]) =>
          `${step} ${field} must be a path such as data.due_at, from data, recipient, actor, tenant or vars`,
      ),
      JSON.stringify(path),
    )
  }
})
