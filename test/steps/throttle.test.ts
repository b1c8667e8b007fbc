import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { countPasses, forgetThrottles } from '../../store/throttles/pass.ts'
import type { JsonObject } from '../../store/schema/columns.ts'
import { throttles } from '../../store/schema/index.ts'
import { notificationsFolder, problemsOf } from '../../testing/fixtures/notifications-folder.ts'
import { catalogOfFiles, startWalk } from '../../testing/fixtures/walked.ts'
import { onEachStore } from '../../testing/servers/each-store.ts'

const feed = { ref: 'feed_1', type: 'channel', channel_type: 'in_app_feed', template: { markdown_body: 'Hi' } }
const throttle = (settings: object, more: object = {}) => ({ ref: 'throttle_1', type: 'throttle', settings, ...more })
const hour = { unit: 'hours', value: 1 }
const onlyIf = { conditions: { all: [{ variable: 'data.on', operator: 'equal_to', argument: true }] } }

const catalog = await catalogOfFiles({
  plain: { steps: [throttle({ throttle_window: hour }, onlyIf), feed] },
  project: { steps: [throttle({ throttle_key: 'project', throttle_limit: 2, throttle_window: hour }), feed] },
  event: { steps: [throttle({ throttle_key: 'event', throttle_window: hour }), feed] },
  rule: { steps: [throttle({ throttle_window: { frequency: 'monthly', day_of_month: 31 } }), feed] },
  until: { steps: [throttle({ throttle_window_field_path: 'data.quiet_until' }), feed] },
})
const noon = Date.parse('2030-05-01T12:00:00Z')
const at = (minutes: number) => noon + minutes * 60_000
const iso = (minutes: number) => new Date(at(minutes)).toISOString()

onEachStore(catalog, (store) => {
  const walker =
    (key: string, recipient: string = randomUUID()) =>
    async (minutes: number, data: JsonObject) => {
      return startWalk(store(), catalog, key, { recipient, data, now: at(minutes) })
    }
  const madeBy = (key: string, recipient?: string) => {
    const walk = walker(key, recipient)
    return async (minutes: number, data: JsonObject) => (await walk(minutes, data)).made()
  }

  test('one run passes in an hour; the next ends, and says so; after the hour one passes again', async () => {
    const walk = walker('plain')
    assert.deepEqual(await (await walk(0, { on: true })).made(), ['feed_1'])
    const held = await walk(59, { on: true })
    assert.deepEqual(await held.made(), [])
    const { status } = await held.row()
    assert.equal(status, 'ended')
    const reason = `throttled: 1 already passed in the window that closes at ${iso(60)}`
    const [asked, ...others] = await held.events()
    assert.deepEqual(asked!.slice(0, 2), ['throttle_1', 'step_conditions_held'])
    assert.deepEqual(others, [['throttle_1', 'step_skipped', { reason }]])
    assert.deepEqual(await (await walk(60, { on: true })).made(), ['feed_1'])
  })

  test('a throttle whose conditions do not hold lets everybody pass, and counts nobody', async () => {
    const made = madeBy('plain')
    assert.deepEqual(await made(0, { on: false }), ['feed_1'])
    assert.deepEqual(await made(1, { on: true }), ['feed_1'])
    assert.deepEqual(await made(2, { on: false }), ['feed_1'])
    assert.deepEqual(await made(3, { on: true }), [])
  })

  test('each key and each recipient are counted by themselves, up to the limit', async () => {
    const made = madeBy('project')
    assert.deepEqual(await made(0, { project: 'a' }), ['feed_1'])
    assert.deepEqual(await made(1, { project: 'a' }), ['feed_1'])
    assert.deepEqual(await made(2, { project: 'b' }), ['feed_1'])
    assert.deepEqual(await made(3, { project: 'a' }), [])
    assert.deepEqual(await madeBy('project')(4, { project: 'a' }), ['feed_1'])
  })

  test('what is tried out in sandbox mode is held back by itself, and holds back nothing else', async () => {
    const recipient = randomUUID()
    const triggered = async (minutes: number, sandboxMode: boolean) =>
      (
        await startWalk(store(), catalog, 'plain', { recipient, data: { on: true }, now: at(minutes), sandboxMode })
      ).made()
    assert.deepEqual(await triggered(0, true), ['feed_1'])
    assert.deepEqual(await triggered(1, false), ['feed_1'])
    assert.deepEqual(await triggered(2, true), [])
    assert.deepEqual(await triggered(3, false), [])
  })

  test('a key that is named as a root is a field of the data, as any other', async () => {
    const made = madeBy('event')
    assert.deepEqual(await made(0, { event: 'disk' }), ['feed_1'])
    assert.deepEqual(await made(1, { event: 'cpu' }), ['feed_1'])
    assert.deepEqual(await made(2, { event: 'disk' }), [])
  })

  test('without a key that has a value the step is skipped, with its reason', async () => {
    const walked = await walker('project')(0, {})
    assert.deepEqual(await walked.made(), ['feed_1'])
    assert.deepEqual(await walked.events(), [
      ['throttle_1', 'step_skipped', { reason: 'throttle_key project is missing' }],
    ])
  })

  test('a window from data stays as the first pass opened it; one that is past or too long skips the step', async () => {
    const walk = walker('until')
    assert.deepEqual(await (await walk(0, { quiet_until: iso(30) })).made(), ['feed_1'])
    assert.deepEqual(await (await walk(29, { quiet_until: iso(90) })).made(), [])
    assert.deepEqual(await (await walk(30, { quiet_until: iso(90) })).made(), ['feed_1'])
    for (const [minutes, problem] of [
      [-1, /which is past/],
      [32 * 1_440, /more than 31 days ahead/],
    ] as const) {
      const skipped = await walk(40, { quiet_until: iso(minutes) })
      assert.deepEqual(await skipped.made(), ['feed_1'])
      assert.match(JSON.stringify(await skipped.events()), problem)
    }
  })

  test('a window whose rule comes in two months closes after 31 days', async () => {
    const rule = { frequency: 'monthly', day_of_month: 31 }
    const day = 1_440
    // From the second of June on: the next 31st is July's.
    const opened = 32 * day
    for (const [key, data] of [
      ['rule', {}],
      ['until', { quiet_until: rule }],
    ] as const) {
      const made = madeBy(key)
      assert.deepEqual(await made(opened, data), ['feed_1'])
      assert.deepEqual(await made(opened + 31 * day - 1, data), [])
      assert.deepEqual(await made(opened + 31 * day, data), ['feed_1'])
    }
  })

  test('of many runs that ask at once exactly as many pass as may', async () => {
    const walk = walker('project')
    const all = await Promise.all(Array.from({ length: 8 }, () => walk(0, { project: 'at once' })))
    const made = (await Promise.all(all.map((walked) => walked.made()))).flat()
    assert.equal(made.length, 2)
  })

  test('a run that asks again, since its worker died after it passed, is counted once', async () => {
    const passing = { recipient: randomUUID(), throttle: 'x', limit: 1, endsAt: at(60) }
    const ask = async (recipientRunId: number, minutes: number) => {
      const [answer] = await countPasses(store(), [{ ...passing, recipientRunId }], at(minutes))
      return answer!.passed
    }
    assert.equal(await ask(1, 0), true)
    assert.equal(await ask(1, 1), true)
    assert.equal(await ask(2, 2), false)
  })

  test('windows that are over are forgotten', async () => {
    await madeBy('plain')(0, { on: true })
    await forgetThrottles(store(), at(100 * 1_440))
    assert.deepEqual(await store().select().from(throttles), [])
  })
})

test('throttles that cannot work are refused, each with its field', async () => {
  const refused = async (settings: object) => {
    const problems = await problemsOf(
      notificationsFolder({ 'hello/workflow.json': { steps: [throttle(settings), feed] } }),
    )
    return problems.map(({ step, field, message }) => `${step} ${field}: ${message}`).join('; ')
  }
  assert.match(await refused({}), /throttle_1 settings: must have throttle_window or/)
  assert.match(await refused({ throttle_window: { unit: 'days', value: 32 } }), /throttle_window: is more than 31 days/)
  assert.match(
    await refused({ throttle_window: { unit: 'days', value: 0 } }),
    /throttle_window.value: must be 1 or more/,
  )
  assert.match(await refused({ throttle_window: hour, throttle_limit: 0 }), /throttle_limit: must be 1 or more/)
  assert.match(
    await refused({ throttle_window: hour, throttle_window_field_path: 'data.x' }),
    /throttle_window: stands beside/,
  )
  assert.match(await refused({ throttle_window: hour, throttle_key: '{{ data.x' }), /throttle_key: is not a Liquid/)
})
