import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, test } from 'node:test'
import { emailStep } from '../../testing/fixtures/steps.ts'
import { catalogOfFiles } from '../../testing/fixtures/walked.ts'
import { onStore } from '../../testing/oracle/sequences-hold.ts'
import { SkippedTime } from '../../testing/oracle/skipped-time.ts'
import { testPglite } from '../../testing/servers/pglite.ts'

const MINUTE = 60_000
const DAY = 1_440 * MINUTE
/** By so much what is due may be late on a server whose clock also runs on. */
const LATE = MINUTE
const minutes = (value: number) => ({ unit: 'minutes', value })
const mail = (subject: string) => emailStep('mail', { subject: `${subject} {{ recipient.id }}` })
const days = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday']
const atNoon = days.map((day) => ({ day, type: 'send', from: '12:00:00', until: '13:00:00' }))
const event = { event_type: 'event', event_key: 'paid' }

const catalog = await catalogOfFiles({
  batch: {
    steps: [
      { ref: 'batch_1', type: 'batch', settings: { batch_window: minutes(30) } },
      emailStep('mail', { subject: '{{ total_activities }} for {{ recipient.id }}' }),
    ],
  },
  sliding: {
    steps: [
      {
        ref: 'batch_1',
        type: 'batch',
        settings: {
          batch_window: minutes(30),
          batch_window_type: 'sliding',
          batch_window_extension_limit: minutes(50),
        },
      },
      emailStep('mail', { subject: '{{ total_activities }} for {{ recipient.id }}' }),
    ],
  },
  throttle: {
    steps: [
      { ref: 'throttle_1', type: 'throttle', settings: { throttle_window: minutes(60), throttle_limit: 1 } },
      mail('passed'),
    ],
  },
  wait: {
    steps: [
      {
        ref: 'wait_1',
        type: 'wait_for_event',
        settings: { event, expires_after: minutes(60), on_match: 'halt', on_timeout: 'continue' },
      },
      mail('unpaid'),
    ],
  },
  matched: {
    steps: [
      { ref: 'wait_1', type: 'wait_for_event', settings: { event, expires_after: minutes(60), on_timeout: 'halt' } },
      mail('thanks'),
    ],
  },
  noon: { steps: [{ ...mail('noon'), send_windows: atNoon }] },
  until: {
    steps: [
      { ref: 'delay_1', type: 'delay', settings: { delay_until_field_path: 'data.due_at', delay_for: minutes(-15) } },
      mail('soon'),
    ],
  },
  rule: {
    steps: [
      {
        ref: 'delay_1',
        type: 'delay',
        settings: { delay_for: { frequency: 'daily', hours: 9, minutes: 30 } },
      },
      mail('morning'),
    ],
  },
})

let time: SkippedTime
let from: number
let ada: string
const over = new AbortController()
let ended: Promise<void>

before(async () => {
  const store = await testPglite()
  time = await new Promise((ready, failed) => {
    ended = onStore(catalog, store, async (context) => {
      const started = await SkippedTime.start(context)
      ready(started)
      await new Promise((resolve) => over.signal.addEventListener('abort', resolve))
      await started.close()
    })
    ended.catch(failed)
  })
})
after(async () => {
  over.abort()
  await ended
})

/** A test whose instants count from its beginning, with a recipient of its own. */
function timeline(name: string, live: () => Promise<void>): void {
  test(name, async () => {
    ada = randomUUID()
    from = await time.now()
    time.sent.length = 0
    await live()
  })
}

const at = (after_: number) => time.until(from + after_)

/** Exactly this was sent, not before these instants and not long after. */
function hasSent(...expected: [subject: string, at: number][]): void {
  assert.deepEqual(
    time.sent.map(({ subject }) => subject),
    expected.map(([subject]) => `${subject} ${ada}`),
  )
  time.sent.forEach((sent, index) => {
    const late = sent.at - expected[index]![1]
    assert.ok(late >= 0 && late <= LATE, `${sent.subject} is ${late} ms late`)
  })
}

/** The next instant of this time of day, in UTC. */
function next(timeOfDay: number): number {
  return Math.floor((from - timeOfDay) / DAY + 1) * DAY + timeOfDay
}

timeline('a batch gathers what comes until it closes, and a digest of the rest goes out then', async () => {
  await time.trigger('batch', `${ada} 1`, ada)
  await at(10 * MINUTE)
  await time.trigger('batch', `${ada} 2`, ada)
  await at(20 * MINUTE)
  await time.trigger('batch', `${ada} 3`, ada)
  await at(25 * MINUTE)
  assert.equal((await time.cancel('batch', `${ada} 1`)).status, 'applied')
  hasSent()
  await at(32 * MINUTE)
  hasSent(['2 for', from + 30 * MINUTE])
  await time.trigger('batch', `${ada} 4`, ada)
  await at(90 * MINUTE)
  assert.equal(time.sent.length, 2)
})

timeline('a sliding batch closes a window after the last that came, and no later than its limit', async () => {
  await time.trigger('sliding', `${ada} 1`, ada)
  await at(20 * MINUTE)
  await time.trigger('sliding', `${ada} 2`, ada)
  await at(45 * MINUTE)
  hasSent()
  await time.trigger('sliding', `${ada} 3`, ada)
  await at(49 * MINUTE)
  hasSent()
  await at(52 * MINUTE)
  hasSent(['3 for', from + 50 * MINUTE])
})

timeline('a throttle lets the next one pass when its window is over', async () => {
  await time.trigger('throttle', `${ada} 1`, ada)
  await at(MINUTE)
  await time.trigger('throttle', `${ada} 2`, ada)
  await at(59 * MINUTE)
  hasSent(['passed', from])
  await at(62 * MINUTE)
  await time.trigger('throttle', `${ada} 3`, ada)
  await at(64 * MINUTE)
  hasSent(['passed', from], ['passed', from + 62 * MINUTE])
})

timeline('a wait goes on at its timeout, or at once when the event comes', async () => {
  await time.trigger('wait', ada, ada)
  await time.trigger('matched', ada, ada)
  await at(20 * MINUTE)
  hasSent()
  await time.post('paid', ada)
  await at(22 * MINUTE)
  hasSent(['thanks', from + 20 * MINUTE])
  await time.trigger('wait', `${ada} again`, ada)
  await at(81 * MINUTE)
  hasSent(['thanks', from + 20 * MINUTE])
  await at(84 * MINUTE)
  hasSent(['thanks', from + 20 * MINUTE], ['unpaid', from + 82 * MINUTE])
})

timeline('a message waits for its send window, from which a cancel takes it back', async () => {
  // Well before a window, whenever the test begins.
  from = next(8 * 60 * MINUTE)
  await time.until(from)
  await time.trigger('noon', `${ada} 1`, ada)
  await time.trigger('noon', `${ada} 2`, ada)
  await at(3 * 60 * MINUTE)
  assert.equal((await time.cancel('noon', `${ada} 2`)).status, 'applied')
  await at(239 * MINUTE)
  hasSent()
  await at(242 * MINUTE)
  hasSent(['noon', from + 240 * MINUTE])
})

timeline('a delay sleeps until so long before an instant of the data', async () => {
  await time.trigger('until', ada, ada, { due_at: new Date(from + 3 * DAY).toISOString() })
  await at(3 * DAY - 17 * MINUTE)
  hasSent()
  await at(3 * DAY - 13 * MINUTE)
  hasSent(['soon', from + 3 * DAY - 15 * MINUTE])
})

timeline('a delay sleeps until its rule comes round', async () => {
  const due = next(570 * MINUTE)
  await time.trigger('rule', ada, ada)
  if (due - from > 3 * MINUTE) await time.until(due - MINUTE)
  if (due - from > 3 * MINUTE) hasSent()
  await time.until(due + 2 * MINUTE)
  hasSent(['morning', due])
})
