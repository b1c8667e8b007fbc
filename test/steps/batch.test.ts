import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openDoors, placeActivities, type Arrival } from '../../store/batches/place-activities.ts'
import { transaction } from '../../store/postgres/database.ts'
import { Digests } from '../../testing/fixtures/digests.ts'
import { rowNow } from '../../testing/fixtures/recipient-runs.ts'
import { notificationsFolder, problemsOf } from '../../testing/fixtures/notifications-folder.ts'
import { feedStep } from '../../testing/fixtures/steps.ts'
import { catalogOfFiles } from '../../testing/fixtures/walked.ts'
import { onEachStore } from '../../testing/servers/each-store.ts'

const T = Date.UTC(2030, 0, 1)
const MINUTE = 60_000
const minutes = (value: number) => ({ unit: 'minutes', value })

const batch = (settings: object, ref = 'batch_1') => ({
  ref,
  type: 'batch',
  settings: { batch_window: { unit: 'minutes', value: 10 }, ...settings },
})
const LIST =
  '{{ total_activities }} from {{ total_actors }}: {% for a in activities %}{{ a.n }}/{{ a.data.n }}/{{ a.actor.id }} {% endfor %}| {{ n }} {{ data.only }} {{ actor.id }} {% for a in actors %}{{ a.id }} {% endfor %}'
const digestOf = (settings: object) => ({ steps: [batch(settings), feedStep('digest', LIST)] })

const catalog = await catalogOfFiles({
  fixed: digestOf({ batch_key: 'page' }),
  plain: { steps: [batch({}), feedStep('digest', '{{ total_activities }}: {{ data.long | size }} {{ data.deep.x }}')] },
  merged: {
    steps: [
      batch({}),
      feedStep(
        'digest',
        '{{ total_activities }}: {{ n }} {{ early }} {{ mixed }} {{ f0 }} {{ f10 }} {{ f59 }} {{ deep.x }}',
      ),
    ],
  },
  sliding: digestOf({ batch_window_type: 'sliding', batch_window_extension_limit: { unit: 'minutes', value: 25 } }),
  short: digestOf({ batch_window_type: 'sliding', batch_window_extension_limit: { unit: 'minutes', value: 4 } }),
  until: digestOf({ batch_window: null, batch_until_field_path: 'data.until' }),
  before: digestOf({ batch_window: { unit: 'minutes', value: -5 }, batch_until_field_path: 'data.until' }),
  last: digestOf({ batch_order: 'desc', batch_items_render_limit: 2 }),
  first: digestOf({ batch_order: 'asc', batch_items_render_limit: 2 }),
  full: digestOf({ batch_items_max_limit: 3 }),
  leading: digestOf({ batch_execution_mode: 'flush_leading', batch_key: '{{ data.page }}-x' }),
  shared: {
    steps: [
      batch({ batch_execution_mode: 'flush_leading' }, 'batch_1'),
      feedStep('between', 'passed'),
      batch({ batch_execution_mode: 'flush_leading' }, 'batch_2'),
      feedStep('digest', LIST),
    ],
  },
  ways: {
    steps: [
      {
        ref: 'branch_1',
        type: 'branch',
        branches: [
          {
            name: 'sliding',
            conditions: { all: [{ variable: 'data.way', operator: 'equal_to', argument: 'sliding' }] },
            steps: [batch({ batch_window_type: 'sliding', batch_window_extension_limit: minutes(15) }, 'batch_1')],
          },
          { name: 'fixed', steps: [batch({}, 'batch_2')] },
        ],
      },
      feedStep('digest', LIST),
    ],
  },
  leading_short: digestOf({
    batch_execution_mode: 'flush_leading',
    batch_window_type: 'sliding',
    batch_window_extension_limit: minutes(4),
  }),
  leading_until: digestOf({
    batch_window: null,
    batch_until_field_path: 'data.until',
    batch_execution_mode: 'flush_leading',
    batch_window_type: 'sliding',
  }),
  lengths: {
    steps: [
      {
        ref: 'branch_1',
        type: 'branch',
        branches: [
          {
            name: 'long',
            conditions: { all: [{ variable: 'data.way', operator: 'equal_to', argument: 'long' }] },
            steps: [batch({ batch_window_type: 'sliding', batch_window: minutes(20) }, 'batch_1')],
          },
          { name: 'short', steps: [batch({ batch_window_type: 'sliding', batch_window: minutes(15) }, 'batch_2')] },
        ],
      },
      feedStep('digest', LIST),
    ],
  },
  held: {
    steps: [
      batch({}),
      { ref: 'update_1', type: 'update_user', settings: { update_properties: '{"seen": true}' } },
      batch({ batch_window: minutes(5) }, 'batch_2'),
      feedStep('digest', LIST),
    ],
  },
  asked: {
    steps: [
      batch({}),
      {
        ...feedStep('digest', 'many'),
        conditions: { all: [{ variable: 'run.total_activities', operator: 'greater_than', argument: '1' }] },
      },
    ],
  },
})

onEachStore(catalog, (store) => {
  const digests = (definition: string) => new Digests(store(), catalog, definition)
  const of = (recipient: string, actor?: string) => ({ recipient, ...(actor !== undefined && { actor }) })

  test('of activities with much data as many are shown as a process can hold, and all are counted', async () => {
    for (const [order, shown] of [
      ['first', '1/1/'],
      ['last', '3/3/'],
    ] as const) {
      const story = digests(order)
      const come = (n: number) =>
        story.come(T, `${order}-${n}`, { n, text: ['x'.repeat(5_000_000)] }, of(`much-${order}`))
      const carrier = await come(1)
      await come(2)
      await come(3)
      await story.wake(T + 10 * MINUTE, carrier)
      const [text] = await story.texts(carrier)
      assert.ok(text!.startsWith(`3 from 0: ${shown} |`), text)
    }
  })

  test('the first activity opens a batch and sleeps until it closes; the others wait in it, and end with it', async () => {
    const story = digests('fixed')
    const [ada, bob, again] = [
      await story.come(T, 'a', { page: 1, n: 1, only: 'first' }, of('fixed', 'x')),
      await story.come(T + MINUTE, 'b', { page: 1, n: 2 }, of('fixed', 'y')),
      await story.come(T + 9 * MINUTE, 'c', { page: 1, n: 3 }, of('fixed', 'x')),
    ]
    const other = await story.come(T + MINUTE, 'd', { page: 2, n: 9 }, of('fixed'))
    assert.equal(await story.due(ada), T + 10 * MINUTE)
    assert.equal(await story.due(bob), null)
    assert.equal(await story.due(other), T + 11 * MINUTE)
    await story.wake(T + 10 * MINUTE, ada)
    assert.deepEqual(await story.texts(ada), ['3 from 2: 1/1/x 2/2/y 3/3/x | 3 first x x y'])
    assert.deepEqual(
      [await story.status(ada), await story.status(bob), await story.status(again)],
      ['ended', 'ended', 'ended'],
    )
    assert.deepEqual([await story.texts(bob), await story.texts(again)], [[], []])
    await story.wake(T + 11 * MINUTE, other)
    assert.deepEqual(await story.texts(other), ['1 from 0: 9/9/ | 9'])
  })

  test('a batch is over from its instant on, whoever finds it so: who comes then opens another', async () => {
    const story = digests('fixed')
    const first = await story.come(T, 'a', { page: 1, n: 1 }, of('over'))
    const late = await story.come(T + 10 * MINUTE, 'b', { page: 1, n: 2 }, of('over'))
    assert.equal(await story.due(late), T + 20 * MINUTE)
    await story.wake(T + 10 * MINUTE, first)
    assert.deepEqual(await story.texts(first), ['1 from 0: 1/1/ | 1'])
    await story.wake(T + 20 * MINUTE, late)
    assert.deepEqual(await story.texts(late), ['1 from 0: 2/2/ | 2'])
  })

  test('data of all is laid together, the last wins, long texts are cut; lists and objects are those of the first', async () => {
    const story = digests('plain')
    const first = await story.come(T, 'a', { long: 'x'.repeat(300), deep: { x: 1 } })
    await story.come(T + 1, 'b', { long: 'y'.repeat(255), deep: { x: 2 } })
    await story.wake(T + 10 * MINUTE, first)
    assert.deepEqual(await story.texts(first), ['2: 255 1'])
    const alone = await story.come(T + 20 * MINUTE, 'a', { long: 'x'.repeat(300) })
    await story.wake(T + 30 * MINUTE, alone)
    assert.deepEqual(await story.texts(alone), ['1: 256'])
  })

  test('of a field that only early ones of many have, or have as a text, the last such value counts', async () => {
    const story = digests('merged')
    const data = (n: number) => ({
      ...{ n, [`f${n % 60}`]: n, mixed: n < 5 ? `m${n}` : [n], deep: { x: n } },
      ...(n < 5 && { early: `e${n}` }),
    })
    const first = await story.come(T, 'a', data(0), of('merged'))
    for (let n = 1; n < 130; n += 1) await story.come(T + n, `key_${n}`, data(n), of('merged'))
    await story.wake(T + 10 * MINUTE, first)
    assert.deepEqual(await story.texts(first), ['130: 129 e4 m4 120 70 119 0'])
  })

  test('a sliding window moves with each activity, up to its limit; its carrier finds out when it wakes', async () => {
    const story = digests('sliding')
    const first = await story.come(T, 'a', { n: 1 }, of('sliding'))
    await story.come(T + 8 * MINUTE, 'b', { n: 2 }, of('sliding'))
    assert.equal(await story.due(first), T + 10 * MINUTE, 'its row is not written by who joins')
    await story.wake(T + 10 * MINUTE, first)
    assert.equal(await story.due(first), T + 18 * MINUTE)
    await story.come(T + 17 * MINUTE, 'c', { n: 3 }, of('sliding'))
    await story.wake(T + 18 * MINUTE, first)
    assert.equal(await story.due(first), T + 25 * MINUTE, 'no further than the limit')
    await story.wake(T + 25 * MINUTE, first)
    assert.deepEqual(await story.texts(first), ['3 from 0: 1/1/ 2/2/ 3/3/ | 3'])
  })

  test('a limit shorter than the window closes at the next activity, at once if it has passed', async () => {
    const story = digests('short')
    const first = await story.come(T, 'a', { n: 1 }, of('short'))
    assert.equal(await story.due(first), T + 10 * MINUTE)
    await story.come(T + MINUTE, 'b', { n: 2 }, of('short'))
    assert.equal(await story.due(first), T + 4 * MINUTE, 'earlier than it sleeps: it is woken')
    await story.wake(T + 4 * MINUTE, first)
    assert.match((await story.texts(first))[0]!, /^2 from/)
    const second = await story.come(T + 20 * MINUTE, 'c', { n: 3 }, of('short'))
    await story.come(T + 26 * MINUTE, 'd', { n: 4 }, of('short'))
    assert.equal(await story.due(second), T + 26 * MINUTE)
    await story.wake(T + 26 * MINUTE, second)
    assert.match((await story.texts(second))[0]!, /^2 from/)
  })

  test('a window may be told by a field, with an offset before it; without one the batch is skipped, and says so', async () => {
    const until = new Date(T + 60 * MINUTE).toISOString()
    const story = digests('until')
    const told = await story.come(T, 'a', { n: 1, until })
    await story.come(T + MINUTE, 'b', { n: 2, until: new Date(T + 5 * MINUTE).toISOString() })
    assert.equal(await story.due(told), T + 60 * MINUTE, 'as the first one said')
    const before = await digests('before').come(T, 'a', { n: 1, until })
    assert.equal(await story.due(before), T + 55 * MINUTE)
    const skipped = await story.come(T, 'c', { n: 3 })
    assert.deepEqual(await story.texts(skipped), ['1 from 0: 3/3/ | 3'])
    assert.equal((await story.batches()).filter(({ items }) => items === 0).length, 0)
  })

  test('templates see the first activities or the last ones, oldest first, and how many there are', async () => {
    for (const [definition, shown] of [
      ['first', '1/1/p 2/2/q | 3  p p q'],
      ['last', '2/2/q 3/3/r | 3  p q r'],
    ] as const) {
      const story = digests(definition)
      const opener = await story.come(T, 'a', { n: 1 }, of('order', 'p'))
      await story.come(T, 'b', { n: 2 }, of('order', 'q'))
      await story.come(T, 'c', { n: 3 }, of('order', 'r'))
      await story.wake(T + 10 * MINUTE, opener)
      assert.deepEqual(await story.texts(opener), [`3 from 3: ${shown}`])
    }
  })

  test('so many activities close it at once', async () => {
    const story = digests('full')
    const opener = await story.come(T, 'a', { n: 1 }, of('full'))
    const second = await story.come(T + MINUTE, 'b', { n: 2 }, of('full'))
    await story.come(T + 2 * MINUTE, 'c', { n: 3 }, of('full'))
    assert.equal(await story.due(opener), T + 2 * MINUTE)
    const next = await story.come(T + 2 * MINUTE, 'd', { n: 4 }, of('full'))
    assert.equal(await story.due(next), T + 12 * MINUTE)
    await story.wake(T + 2 * MINUTE, opener)
    assert.match((await story.texts(opener))[0]!, /^3 from/)
    assert.equal(await story.status(second), 'ended')
  })

  test('of what comes at once under one key each finds its place', async () => {
    const story = digests('full')
    const activities = []
    for (let n = 0; n < 7; n += 1) activities.push(await story.accept(T, 'same', { n }, of('at-once')))
    story.worker.now = () => T
    const rows = activities.map(({ row }) => row)
    await story.worker.advance(activities[0]!.workflowId, rows)
    const dues = await Promise.all(activities.map((each) => story.due(each)))
    assert.deepEqual(dues, [T, null, null, T, null, null, T + 10 * MINUTE])
  })

  test('of two that come in one hand-out with flush_leading one passes, and the other carries what comes after', async () => {
    const story = digests('leading')
    const come = (n: number) => story.accept(T, 'at-once', { n, page: 'at once' }, of('at-once'))
    const [one, two] = [await come(1), await come(2)]
    await story.wake(T, one, two)
    assert.deepEqual([await story.texts(one), await story.texts(two)], [['1 from 0: 1/1/ | 1'], []])
    assert.deepEqual([await story.status(one), await story.due(two)], ['ended', T + 10 * MINUTE])
  })

  test('with flush_leading the first passes at once, and the next one carries what comes after', async () => {
    const story = digests('leading')
    const leading = await story.come(T, 'a', { n: 1, page: 'p' }, of('leading'))
    assert.deepEqual(await story.texts(leading), ['1 from 0: 1/1/ | 1'])
    const carrier = await story.come(T + MINUTE, 'b', { n: 2, page: 'p' }, of('leading'))
    await story.come(T + 2 * MINUTE, 'c', { n: 3, page: 'p' }, of('leading'))
    assert.equal(await story.due(carrier), T + 10 * MINUTE)
    await story.wake(T + 10 * MINUTE, carrier)
    assert.deepEqual(await story.texts(carrier), ['2 from 0: 2/2/ 3/3/ | 3'])
    const next = await story.come(T + 10 * MINUTE, 'd', { n: 4, page: 'p' }, of('leading'))
    assert.deepEqual(await story.texts(next), ['1 from 0: 4/4/ | 4'])
    const later = await story.come(T + 30 * MINUTE, 'e', { n: 5, page: 'p' }, of('leading'))
    assert.deepEqual(await story.texts(later), ['1 from 0: 5/5/ | 5'], 'nobody came in the window')
  })

  test('pinned steps share a batch: who passes one of them at once waits in the next, with those who come to it', async () => {
    const story = digests('shared')
    const leading = await story.come(T, 'a', { n: 1 }, of('shared'))
    assert.deepEqual([await story.texts(leading), await story.due(leading)], [['passed'], T + 10 * MINUTE])
    const next = await story.come(T + MINUTE, 'b', { n: 2 }, of('shared'))
    assert.deepEqual([await story.texts(next), await story.due(next)], [[], null])
    await story.wake(T + 10 * MINUTE, leading)
    assert.deepEqual(await story.texts(leading), ['passed', '2 from 0: 1/1/ 2/2/ | 2'])
    assert.equal(await story.status(next), 'ended')
  })

  test('a step that slides moves a batch that another opened by its own window, and not beyond its own limit', async () => {
    const story = digests('ways')
    const opener = await story.come(T, 'a', { n: 1, way: 'fixed' }, of('ways'))
    await story.come(T + 8 * MINUTE, 'b', { n: 2, way: 'sliding' }, of('ways'))
    await story.wake(T + 10 * MINUTE, opener)
    assert.equal(await story.due(opener), T + 15 * MINUTE)
    await story.come(T + 14 * MINUTE, 'c', { n: 3, way: 'sliding' }, of('ways'))
    await story.wake(T + 15 * MINUTE, opener)
    assert.deepEqual(await story.texts(opener), ['3 from 0: 1/1/ 2/2/ 3/3/ | 3'])
  })

  test('a batch is to close as the first says who is in it, not as one says who was taken back before it came', async () => {
    const story = digests('ways')
    const arrivals: Arrival[] = []
    for (const minute of [5, 30]) {
      const { row } = await story.accept(T, `${minute}`, {}, of('taken-back'))
      const entry = {
        ...{ recipient: 'taken-back', key: 'x', stepRef: `batch_${minute}`, closesAt: T + minute * MINUTE },
        ...{ slidesTo: null, limitOf: (openedAt: number) => openedAt + 2 * minute * MINUTE, itemLimit: null },
        place: 'any' as const,
      }
      arrivals.push({ id: row, entries: [entry] })
    }
    await transaction(store(), async (tx) => {
      await placeActivities(tx, await openDoors(tx, arrivals, T), arrivals.slice(1), T)
    })
    const batch = (await story.batches()).find(({ recipient }) => recipient === 'taken-back')!
    assert.deepEqual(
      [batch.stepRef, batch.closesAt.getTime(), batch.limitAt?.getTime()],
      ['batch_30', T + 30 * MINUTE, T + 60 * MINUTE],
    )
  })

  test('a window that a leading activity opened moves for the next one, also where both come in one hand-out', async () => {
    const story = digests('leading_short')
    const come = (n: number, recipient: string) => story.accept(T, recipient, { n }, of(recipient))
    const [one, two] = [await come(1, 'together'), await come(2, 'together')]
    await story.wake(T, one, two)
    const [before, after] = [await come(1, 'apart'), await come(2, 'apart')]
    await story.wake(T, before)
    await story.wake(T, after)
    assert.deepEqual([await story.due(two), await story.due(after)], [T + 4 * MINUTE, T + 4 * MINUTE])
  })

  test('a window that a leading activity opened, and that is over at once, gathers nobody, also in one hand-out', async () => {
    const story = digests('leading_until')
    const come = (n: number, recipient: string, minute: number) =>
      story.accept(T, recipient, { n, until: new Date(T + minute * MINUTE).toISOString() }, of(recipient))
    const both = async (recipient: string) => [await come(1, recipient, 0), await come(2, recipient, 10)] as const
    const [one, two] = await both('over-together')
    await story.wake(T, one, two)
    const [before, after] = await both('over-apart')
    await story.wake(T, before)
    await story.wake(T, after)
    for (const each of [one, two, before, after]) assert.equal(await story.status(each), 'ended')
    for (const [recipient, key] of [
      ['over-together', 'c'],
      ['over-apart', 'd'],
    ] as const) {
      const third = await story.come(
        T + MINUTE,
        key,
        { n: 3, until: new Date(T + 9 * MINUTE).toISOString() },
        of(recipient),
      )
      assert.equal(await story.due(third), T + 9 * MINUTE, recipient)
    }
  })

  test('who moves a batch on and who then moves it back a little, both at one go, leave its carrier asleep', async () => {
    const story = digests('lengths')
    const carrier = await story.come(T, 'a', { n: 1 }, of('lengths'))
    const before = await rowNow(store(), carrier.row)
    const come = (n: number, way: string) => story.accept(T + MINUTE, 'b', { n, way }, of('lengths'))
    await story.wake(T + MINUTE, await come(2, 'long'), await come(3, 'short'))
    assert.deepEqual(await rowNow(store(), carrier.row), before)
    await story.wake(T + 15 * MINUTE, carrier)
    assert.equal(await story.due(carrier), T + 16 * MINUTE)
  })

  test('a batch below another holds its digest back from when it came there, however late a worker comes to it', async () => {
    for (const [late, due] of [
      [3, 15],
      [7, null],
    ] as const) {
      const story = digests('held')
      const carrier = await story.come(T, `late-${late}`, { n: 1 }, of(`late-${late}`))
      await story.wake(T + 10 * MINUTE, carrier)
      await story.act(T + 10 * MINUTE, 'update_user', carrier)
      await story.wake(T + (10 + late) * MINUTE, carrier)
      const texts = await story.texts(carrier)
      if (due === null) assert.deepEqual(texts, ['1 from 0: 1/1/ | 1'])
      else assert.deepEqual([texts, await story.due(carrier)], [[], T + due * MINUTE])
    }
  })

  test('conditions of later steps may ask how many there are', async () => {
    const story = digests('asked')
    const alone = await story.come(T, 'a', {}, of('asked'))
    await story.wake(T + 10 * MINUTE, alone)
    assert.deepEqual(await story.texts(alone), [])
    const opener = await story.come(T + 20 * MINUTE, 'b', {}, of('asked'))
    await story.come(T + 20 * MINUTE, 'c', {}, of('asked'))
    await story.wake(T + 30 * MINUTE, opener)
    assert.deepEqual(await story.texts(opener), ['many'])
  })

  test('recipients see nothing of each other', async () => {
    const story = digests('fixed')
    const ada = await story.come(T, 'a', { n: 'ada' }, of('one', 'x'))
    const bob = await story.come(T, 'b', { n: 'bob' }, of('other', 'y'))
    await story.wake(T + 10 * MINUTE, ada)
    await story.wake(T + 10 * MINUTE, bob)
    assert.deepEqual(await story.texts(ada), ['1 from 1: ada/ada/x | ada  x x'])
    assert.deepEqual(await story.texts(bob), ['1 from 1: bob/bob/y | bob  y y'])
  })
})

test('a batch that cannot work is refused, with its place', async () => {
  const place = async (settings: object) => {
    const steps = [{ ref: 'b', type: 'batch', settings }, feedStep('last')]
    const problems = await problemsOf(notificationsFolder({ 'hello/workflow.json': { steps } }))
    return problems.map(({ file, step, field, message }) => `${file} ${step} ${field}: ${message}`)
  }
  assert.deepEqual(await place({ batch_window: minutes(5), batch_order: null, workflow_version_mode: '' }), [])
  assert.deepEqual(await place({ batch_key: 'a', batch_window: null }), [
    'hello/workflow.json b settings: must have batch_window or batch_until_field_path: it would never close',
  ])
  assert.match((await place({ batch_window: minutes(0) }))[0]!, /b settings\.batch_window\.value: must be 1 or more/)
  assert.match((await place({ batch_window: { frequency: 'monthly', day_of_month: 32 } }))[0]!, /batch_window/)
  assert.match(
    (await place({ batch_window: minutes(5), batch_items_max_limit: 1 }))[0]!,
    /max_limit: must be 2 or more/,
  )
  assert.match((await place({ batch_window: minutes(5), batch_order: 'up' }))[0]!, /must be asc or desc/)
  assert.match(
    (await place({ batch_window: minutes(5), batch_key: '{{ a' }))[0]!,
    /batch_key: is not a Liquid template/,
  )
})
