import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readFolder } from '../../definitions/read-catalog.ts'
import type { Answers } from '../../rehearsal/fetches.ts'
import type { Happening } from '../../rehearsal/happening.ts'
import { offsetText, readOffset } from '../../rehearsal/offset.ts'
import { rehearse } from '../../rehearsal/rehearse.ts'
import { occurrences } from '../../store/schema/index.ts'
import { notificationsFolder } from '../../testing/fixtures/notifications-folder.ts'
import { testPglite } from '../../testing/servers/pglite.ts'

const feed = (ref: string, more: object = {}) => ({
  ref,
  type: 'channel',
  channel_type: 'in_app_feed',
  template: { markdown_body: '{{ recipient.id }} {{ total_activities }}' },
  ...more,
})
const mail = (more: object = {}) => ({
  ref: 'email_1',
  type: 'channel',
  channel_type: 'email',
  template: { subject: 'Hi', text_body: 'Hi' },
  ...more,
})
const of = (type: string, settings: object, more: object = {}) => ({ ref: `${type}_1`, type, settings, ...more })
const minutes = (value: number) => ({ unit: 'minutes', value })
const pause = of('delay', { delay_for: minutes(10) })
const is = (variable: string, argument: unknown) => ({ all: [{ variable, operator: 'equal_to', argument }] })
const noon = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'].map((day) => {
  return { day, type: 'send', from: '12:00', until: '13:00' }
})

interface Case {
  steps: object[]
  /** What each of them sees, `ID` being who; nobody has a message that may be taken back unless told. */
  timeline: string
  /** From when on, and until when, a cancel takes a message back. */
  back?: [from: string, until: string]
  answers?: Answers
  event?: string
}

/** One of each kind of step, and what the file says of it. It begins on a Monday at nine. */
const cases: Record<string, Case> = {
  channel: {
    steps: [feed('feed_1'), pause, mail()],
    timeline: `0 feed_1 in-app: ID 1 | 0 delay_1 waits until 10m | 10m email_1 email: Hi | 10m end completed | 10m email_1 sent to ID@example.com`,
  },
  'send-window': {
    steps: [mail({ send_windows: noon }), feed('feed_1')],
    timeline: `0 email_1 email: Hi; not before 3h: send window | 0 feed_1 in-app: ID 1 | 0 end completed | 3h email_1 sent to ID@example.com`,
    back: ['0', '3h'],
  },
  'window-rule': {
    steps: [
      { ...of('delay', { delay_for: { frequency: 'daily', hours: 9, minutes: 30 } }), ref: 'rule_1' },
      feed('feed_1'),
    ],
    timeline: `0 rule_1 waits until 30m | 30m feed_1 in-app: ID 1 | 30m end completed`,
  },
  branch: {
    steps: [
      {
        ref: 'branch_1',
        type: 'branch',
        branches: [
          { name: 'B', conditions: is('recipient.id', 'nobody'), steps: [pause, feed('feed_1')] },
          { name: 'rest', terminates: true, steps: [{ ...pause, ref: 'delay_2' }, feed('feed_2')] },
        ],
      },
      feed('feed_3'),
    ],
    timeline: `0 branch_1 takes rest | 0 delay_2 waits until 10m | 10m feed_2 in-app: ID 1 | 10m end completed`,
  },
  random_cohort: {
    steps: [
      {
        ref: 'cohort_1',
        type: 'random_cohort',
        cohort_branches: [
          { name: 'all', percentage: '100', steps: [pause, feed('feed_1')] },
          { name: 'none', percentage: '0', steps: [] },
        ],
      },
    ],
    timeline: `0 cohort_1 cohort all | 0 delay_1 waits until 10m | 10m feed_1 in-app: ID 1 | 10m end completed`,
  },
  throttle: {
    steps: [of('throttle', { throttle_window: minutes(60) }), pause, feed('feed_1')],
    timeline: `0 throttle_1 passes | 0 delay_1 waits until 10m | 10m feed_1 in-app: ID 1 | 10m end completed`,
  },
  batch: {
    steps: [of('batch', { batch_window: minutes(10) }), pause, feed('feed_1')],
    timeline: `0 batch_1 opens until 10m | 10m batch_1 closes with 1 | 10m delay_1 waits until 20m | 20m feed_1 in-app: ID 1 | 20m end completed`,
  },
  http_fetch: {
    steps: [of('http_fetch', { method: 'get', url: 'https://api.example/{{ recipient.id }}' }), pause, feed('feed_1')],
    answers: {
      http_fetch_1: [
        { status: 503, body: null, no_answer: false },
        { status: 200, body: {}, no_answer: false },
      ],
    },
    timeline: `0 http_fetch_1 tried again at 30s: … | 30s http_fetch_1 answered 200 | 30s delay_1 waits until 10m30s | 10m30s feed_1 in-app: ID 1 | 10m30s end completed`,
  },
  trigger_workflow: {
    steps: [pause, of('trigger_workflow', { workflow_key: 'child' }), { ...pause, ref: 'delay_2' }, feed('feed_1')],
    timeline: `0 delay_1 waits until 10m | 10m trigger_workflow_1 triggers child | 10m child/feed_1 in-app: ID 1 | 10m child/delay_1 waits until 20m | 10m delay_2 waits until 20m | 20m child/feed_2 in-app: ID 1 | 20m child/end completed | 20m feed_1 in-app: ID 1 | 20m end completed`,
  },
  child: {
    steps: [feed('feed_1'), pause, feed('feed_2')],
    timeline: `0 feed_1 in-app: ID 1 | 0 delay_1 waits until 10m | 10m feed_2 in-app: ID 1 | 10m end completed`,
  },
  update_data: {
    steps: [
      of('update_data', { data: '{"plan": "pro"}' }),
      pause,
      feed('feed_1', { conditions: is('data.plan', 'pro') }),
      feed('feed_2', { conditions: is('data.plan', 'free') }),
    ],
    timeline: `0 update_data_1 data {"plan":"pro"} | 0 delay_1 waits until 10m | 10m feed_1 in-app: ID 1 | 10m feed_2 skipped: conditions do not hold | 10m end completed`,
  },
  update_user: {
    steps: [pause, of('update_user', { update_properties: '{"seen": true}' }), { ...pause, ref: 'delay_2' }, mail()],
    timeline: `0 delay_1 waits until 10m | 10m update_user_1 updates gid://Object/$users/ID | 10m delay_2 waits until 20m | 20m email_1 email: Hi | 20m end completed | 20m email_1 sent to ID@example.com`,
  },
  wait_for_event: {
    steps: [of('wait_for_event', { event: { event_type: 'event', event_key: 'paid' } }), pause, feed('feed_1')],
    event: '5m',
    timeline: `0 wait_for_event_1 waits for paid until 15m | 5m wait_for_event_1 matched | 5m delay_1 waits until 15m | 15m feed_1 in-app: ID 1 | 15m end completed`,
  },
}

const START = Date.parse('2026-01-05T09:00:00Z')
const store = testPglite()
const catalog = store.then(async (opened) => {
  await opened.migrate()
  const files = Object.entries(cases).map(([key, { steps }]) => [`${key}/workflow.json`, { steps }])
  return readFolder(notificationsFolder(Object.fromEntries(files) as Record<string, object>))
})
test.after(async () => (await store).close())

let lives = 0

for (const [key, given] of Object.entries(cases)) {
  test(`of several people one is taken out of a ${key} at any instant, and the others live on as before`, async () => {
    const lines = given.timeline.split(' | ').map((line) => /^(\S+) (\S+) (.*)$/.exec(line)!.slice(1))
    const instants = [...new Set(lines.map(([offset]) => readOffset(offset!)))]
    const between = instants.flatMap((at, index) => [at, ((instants[index + 1] ?? at + 60_000) + at) / 2])
    for (const at of between) await live(key, given, lines, at)
  })
}

async function live(key: string, given: Case, lines: string[][], cancelAt: number): Promise<void> {
  lives += 1
  const [ann, bea, cyd] = ['ann', 'bea', 'cyd'].map((name) => `${name}-${lives}`)
  const recipients = [ann, bea, cyd].map((id) => ({ id: id!, email: `${id}@example.com` }))
  const happenings: Happening[] = [
    { after: 0, kind: 'trigger', body: { recipients, data: {} } },
    { after: cancelAt, kind: 'cancel', recipients: [bea!] },
  ]
  if (given.event !== undefined)
    happenings.push({ after: readOffset(given.event), kind: 'event', event: 'paid', data: {} })
  const script = { workflow: key, start: START, happenings, answers: given.answers ?? {} }
  const db = await store
  const entries = await rehearse(await catalog, script, db)
  await db.db.delete(occurrences)
  const linesOf = (id: string) =>
    entries
      .filter(({ recipient }) => recipient === id)
      .map(({ at, workflow, label, text }) => {
        const name = workflow === key ? label : `${workflow}/${label}`
        return `${offsetText(at - START)} ${name} ${text.startsWith('tried again') ? text.replace(/:.*/, ': …') : text}`
      })
      .sort()
  const expected = (id: string, until = Infinity) => {
    const triggeredAt = lines.find(([, label]) => label === 'trigger_workflow_1')?.[0]
    const isChilds = (label: string) => label.startsWith('child/') && readOffset(triggeredAt!) < until
    // A first delay begins with the trigger, but for a window rule: its zone is not known by then.
    const isBegun = (index: number) => index === 0 && lines[0]![1] === 'delay_1'
    return lines
      .filter(([offset, label], index) => readOffset(offset!) < until || isChilds(label!) || isBegun(index))
      .map((line) => line.join(' ').replaceAll('ID', id))
      .sort()
  }
  for (const id of [ann!, cyd!]) assert.deepEqual(linesOf(id), expected(id), `${id}, canceled at ${cancelAt}`)
  const [from, until] = (given.back ?? ['0', '0']).map(readOffset) as [number, number]
  const isBack = cancelAt > from && cancelAt <= until
  const back = isBack ? [`${offsetText(cancelAt)} email_1 taken back`] : []
  assert.deepEqual(linesOf(bea!), [...expected(bea!, cancelAt), ...back].sort(), `${bea}, canceled at ${cancelAt}`)
  const isOver = cancelAt > readOffset(lines.at(-1)![0]!)
  const told = entries.find(({ label }) => label === 'cancel')!
  assert.equal(told.text, `${isOver ? 'already_sent' : 'canceled'} 1`, `canceled at ${cancelAt}`)
}
