import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BatchStep, CohortStep, ThrottleStep } from '../../definitions/step.ts'
import { keyOf } from '../../steps/key-of.ts'
import { notificationsFolder, problemsOf } from '../../testing/fixtures/notifications-folder.ts'
import { testScope } from '../../testing/fixtures/scope.ts'
import { catalogOfFiles } from '../../testing/fixtures/walked.ts'

const minute = { unit: 'minutes', value: 1 }
const feed = { ref: 'feed_1', type: 'channel', channel_type: 'in_app_feed', template: { markdown_body: 'Hi' } }
const stepsOf = (key: string) => [
  { ref: 'batch_1', type: 'batch', settings: { batch_key: key, batch_window: minute } },
  { ref: 'throttle_1', type: 'throttle', settings: { throttle_key: key, throttle_window: minute } },
  {
    ref: 'experiment_1',
    type: 'random_cohort',
    cohort_key: key,
    cohort_branches: ['50', '50'].map((percentage) => ({ percentage, steps: [] })),
  },
  feed,
]

/** A key as each of the three steps that has one keeps it. */
async function keptOf(key: string): Promise<(string | null)[]> {
  const { definitions } = await catalogOfFiles({ hello: { steps: stepsOf(key) } })
  const [batch, throttle, cohort] = definitions.get('hello')!.definition.steps
  return [(batch as BatchStep).batchKey, (throttle as ThrottleStep).throttleKey, (cohort as CohortStep).cohortKey]
}

const scope = testScope({
  data: {
    ...{ event: 'disk', workflow: 'release', recipient: 'eve', page_id: 'p1', items: [{ id: 'first' }] },
    ...{ nested: { page: 'p2' }, orders: { refs: 'r' } },
  },
})
const withEvent = testScope({ data: { event: { page: 'p3' } } })

test('a key without Liquid is a field of data, unless it goes on below what a key can see', async () => {
  const reads = async (key: string, of = scope) => {
    const read = (await keptOf(key)).map((kept) => keyOf('key', kept!, of))
    assert.deepEqual(read[1], read[0])
    assert.deepEqual(read[2], read[0])
    return 'key' in read[0]! ? read[0].key : read[0]
  }
  assert.equal(await reads('event'), 'disk')
  assert.equal(await reads(' workflow '), 'release')
  assert.equal(await reads('recipient'), 'eve')
  assert.equal(await reads('page_id'), 'p1')
  assert.equal(await reads('data.page_id'), 'p1')
  assert.equal(await reads('nested.page'), 'p2')
  assert.equal(await reads('items[0].id'), 'first')
  assert.equal(await reads('data.items[0].id'), 'first')
  assert.equal(await reads('data.items.0.id'), 'first')
  assert.equal(await reads('orders.refs'), 'r')
  assert.equal(await reads('event.page', withEvent), 'p3')
  assert.equal(await reads('recipient.id'), scope.recipient['id'])
  assert.equal(await reads('workflow.key'), (scope['workflow'] as { key: string }).key)
  assert.equal(await reads('run.total_activities'), '1')
  assert.equal(await reads('{{ data.page_id }}-{{ event }}'), 'p1-disk')
})

test('a key means in a definition that is kept what it meant when that was read', () => {
  assert.deepEqual(keyOf('key', 'event', scope), { problem: 'key event is missing', isMissing: true })
  assert.deepEqual(keyOf('key', 'page_id', scope), { key: 'p1' })
})

test('a file whose key is read as ever has the version it had', async () => {
  assert.deepEqual((await keptOf('page_id')).slice(0, 2), ['page_id', 'page_id'])
  assert.deepEqual((await keptOf('nested.page')).slice(0, 2), ['nested.page', 'nested.page'])
  for (const key of ['data.items[0].id', 'recipient.id', '{{ data.page_id }}'])
    assert.deepEqual(await keptOf(key), [key, key, key])
})

test('a key that is neither a path nor Liquid is refused, of whatever step', async () => {
  const told = async (key: string) => {
    const problems = await problemsOf(notificationsFolder({ 'hello/workflow.json': { steps: stepsOf(key) } }))
    return problems.map(({ step, field, message }) => `${step} ${field}: ${message}`)
  }
  for (const key of [
    '{data.a}',
    '{data.a}-{actor.id}',
    'data.a, data.b',
    'items[first]',
    'data..a',
    '.a',
    'data.',
    '}}',
  ]) {
    const problems = await told(key)
    assert.deepEqual(
      problems.map((each) => each.replace(/:.*/s, '')),
      ['batch_1 settings.batch_key', 'throttle_1 settings.throttle_key', 'experiment_1 cohort_key'],
      key,
    )
    for (const each of problems) assert.match(each, /must be a path such as data\.page_id, or Liquid such as \{\{/)
  }
  for (const each of await told('refs.feed_1.status')) assert.match(each, /messages of a step, which only conditions/)
  assert.equal((await told('refs.feed_1.status')).length, 3)
  assert.deepEqual(await told('refs.feed_1.matched'), [])
  assert.deepEqual(await told('  '), [])
})
