import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readFolder } from '../../definitions/read-catalog.ts'
import { notificationsFolder } from '../../testing/fixtures/notifications-folder.ts'

const many = <Item>(count: number, item: (n: number) => Item) => Array.from({ length: count }, (_, n) => item(n))
const feed = (ref: string) => ({ ref, type: 'channel', channel_type: 'in_app_feed', template: { markdown_body: 'Hi' } })
const feeds = (count: number) => many(count, (n) => feed(`feed_${n}`))
const isTold = (n: number) => ({ conditions: { all: [{ variable: 'data.n', operator: 'equal_to', argument: n }] } })
/** A branch step with the branches given, the last of which is the default. */
const fork = (ref: string, branches: object[][]) => ({
  ref,
  type: 'branch',
  branches: branches.map((steps, n) => ({ name: `b${n}`, ...(n < branches.length - 1 && isTold(n)), steps })),
})
/** So many branch steps, each within the one before. */
const nested = (depth: number): object => fork(`fork_${depth}`, [depth === 1 ? [feed('feed')] : [nested(depth - 1)]])
const cohorts = (count: number) => ({
  ref: 'cohort',
  type: 'random_cohort',
  cohort_branches: many(count, (n) => ({ percentage: n === 0 ? `${100 - (count - 1) * 5}` : '5', steps: [] })),
})
const step = (type: string, settings: object) => ({ ref: type, type, settings })
const days = (value: number) => ({ unit: 'days', value })
const minutes = { unit: 'minutes', value: 5 }
const batch = (settings: object) => step('batch', { batch_window: minutes, ...settings })
const wait = (expires_after: object) =>
  step('wait_for_event', {
    event: { event_type: 'event', event_key: 'paid' },
    expires_after,
    on_match: 'continue',
    on_timeout: 'continue',
  })
const fetched = (count: number) =>
  step('http_fetch', {
    method: 'get',
    url: 'https://x.example',
    headers: many(count, (n) => ({ key: `h${n}`, value: 'v' })),
  })

/** A definition with so many; the field that the line about one more names. */
const limits: [what: string, most: number, steps: (n: number) => object[], field: string][] = [
  ['steps', 100, feeds, 'steps'],
  ['steps, those in branches included', 100, (n) => [fork('fork', [feeds(n - 1)])], 'steps'],
  [
    'branches',
    10,
    (n) => [
      fork(
        'fork',
        many(n, (i) => [feed(`feed_${i}`)]),
      ),
    ],
    'branches',
  ],
  ['branch steps within each other', 5, (n) => [nested(n)], 'branches'],
  ['cohorts', 10, (n) => [cohorts(n)], 'cohort_branches'],
  ['days of a delay', 365, (n) => [step('delay', { delay_for: days(n) })], 'settings.delay_for'],
  ['days of a wait', 365, (n) => [wait(days(n))], 'settings.expires_after'],
  [
    'days of a throttle',
    31,
    (n) => [step('throttle', { throttle_limit: 1, throttle_window: days(n) })],
    'settings.throttle_window',
  ],
  [
    'passes of a throttle',
    1_000,
    (n) => [step('throttle', { throttle_limit: n, throttle_window: minutes })],
    'settings.throttle_limit',
  ],
  ['items of a batch', 1_000, (n) => [batch({ batch_items_max_limit: n })], 'settings.batch_items_max_limit'],
  ['items a batch shows', 100, (n) => [batch({ batch_items_render_limit: n })], 'settings.batch_items_render_limit'],
  ['headers of a fetch', 100, (n) => [fetched(n)], 'settings.headers'],
]

for (const [what, most, steps, field] of limits) {
  test(`${what}: ${most.toLocaleString('en')} pass, and one more is refused by the name of its field`, async () => {
    const read = (n: number) =>
      readFolder(notificationsFolder({ 'hello/workflow.json': JSON.stringify({ steps: [...steps(n), ...last(n)] }) }))
    // A list of steps is at its limit by itself.
    const last = (n: number) => (field === 'steps' && n >= 100 ? [] : [feed('last')])
    const passed = await read(most)
    assert.deepEqual([passed.problems, passed.definitions.size], [undefined, 1])
    const { problems = [], definitions } = await read(most + 1)
    assert.equal(definitions.size, 0)
    assert.ok(problems.length > 0 && problems.every((each) => each.field?.startsWith(field)), JSON.stringify(problems))
  })
}
