import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { catalogOfFiles, startWalk } from '../../testing/fixtures/walked.ts'
import { onEachStore } from '../../testing/servers/each-store.ts'

const feed = (ref: string) => ({ ref, type: 'channel', channel_type: 'in_app_feed', template: { markdown_body: 'Hi' } })
const until = (settings: object) => ({ ref: 'until', type: 'delay', settings })
const dayBefore = { unit: 'days', value: -1 }
const hour = { unit: 'hours', value: 1 }
const on = { all: [{ variable: 'data.at', operator: 'equal_to', argument: 'on' }] }

const catalog = await catalogOfFiles({
  later: { steps: [feed('first'), until({ delay_until_field_path: 'data.at' }), feed('last')] },
  before: {
    steps: [feed('first'), until({ delay_until_field_path: 'data.at', delay_for: dayBefore }), feed('last')],
  },
  asked: { steps: [{ ...until({ delay_for: hour }), conditions: on }, feed('last')] },
})
const noon = Date.parse('2030-05-01T12:00:00Z')

onEachStore(catalog, (store) => {
  const start = (key: string, data: Record<string, string>) => {
    return startWalk(store(), catalog, key, { recipient: randomUUID(), now: noon, data })
  }

  test('an instant that is past when a delay begins skips it, and the event names the instant', async () => {
    for (const [key, at, told] of [
      ['later', '2030-05-01T11:58:59Z', '2030-05-01T11:58:59.000Z'],
      ['later', '2030-05-01T11:58:59+02:00', '2030-05-01T09:58:59.000Z'],
      ['before', '2030-05-02T09:00:00Z', '2030-05-01T09:00:00.000Z'],
    ] as const) {
      const walked = await start(key, { at })
      assert.deepEqual(await walked.made(), ['first', 'last'])
      const reason = `data.at leads to ${told}, which is past`
      assert.deepEqual(await walked.events(), [['until', 'step_skipped', { reason }]])
      assert.deepEqual([(await walked.row()).status, (await walked.row()).errorCount], ['ended', 0])
    }
  })

  test('an instant that is a minute past at most is now', async () => {
    const walked = await start('later', { at: '2030-05-01T11:59:00Z' })
    assert.deepEqual([await walked.made(), await walked.events()], [['first', 'last'], []])
  })

  test('a first delay counts from the trigger, however late a worker comes to it', async () => {
    const begun = noon - 40 * 60_000
    const walked = await startWalk(store(), catalog, 'asked', {
      recipient: randomUUID(),
      data: { at: 'on' },
      acceptedAt: begun,
      now: noon,
    })
    assert.deepEqual([(await walked.row()).due, await walked.made()], [begun + 60 * 60_000, []])
  })

  test('a value that is no instant fails the run, and nothing is sent early', async () => {
    for (const data of [{}, { at: 'tomorrow' }, { at: '2031-05-02T12:00:00Z' }] as Record<string, string>[]) {
      const walked = await start('later', data)
      await walked.tryToTheEnd()
      assert.deepEqual(await walked.made(), ['first'])
      assert.equal((await walked.events()).at(-1)![1], 'step_failed')
      assert.deepEqual([(await walked.row()).status, (await walked.row()).errorCount], ['ended', 1])
    }
  })
})
