import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { upsertUsers } from '../../store/profiles/users.ts'
import { catalogOfFiles, startWalk } from '../../testing/fixtures/walked.ts'
import { onEachStore } from '../../testing/servers/each-store.ts'

const days = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday']
const feed = { ref: 'feed_1', type: 'channel', channel_type: 'in_app_feed', template: { markdown_body: 'Hi' } }
const catalog = await catalogOfFiles({
  delayed: {
    steps: [{ ref: 'delay_1', type: 'delay', settings: { delay_for: { frequency: 'daily', hours: 9 } } }, feed],
  },
  windowed: {
    steps: [
      {
        ref: 'email_1',
        type: 'channel',
        template: { subject: 'Hi', html_body: 'Hi' },
        send_windows: days.map((day) => ({ day, type: 'send', from: '09:00:00', until: '17:00:00' })),
      },
    ],
  },
})
const now = Date.parse('2030-01-01T12:00:00Z')
const zones = [
  // Given by the process, and by the recipient; nine o'clock there.
  [undefined, undefined, '2030-01-02T09:00:00.000Z'],
  ['Asia/Tokyo', undefined, '2030-01-02T00:00:00.000Z'],
  ['Asia/Tokyo', 'America/New_York', '2030-01-01T14:00:00.000Z'],
] as const

onEachStore(catalog, (store) => {
  test('who has no timezone of their own waits by the clock of the default zone', async () => {
    for (const [timeZone, timezone, expected] of zones) {
      const recipient = randomUUID()
      await upsertUsers(store(), [{ id: recipient, properties: timezone === undefined ? {} : { timezone } }])
      const given = { recipient, now, ...(timeZone !== undefined && { timeZone }) }
      const delayed = await startWalk(store(), catalog, 'delayed', given)
      assert.equal(new Date((await delayed.row()).due!).toISOString(), expected)
      const [message] = await (await startWalk(store(), catalog, 'windowed', given)).messages()
      // At noon in UTC it is past five in Tokyo, within the window where UTC counts, and before nine in New York.
      assert.equal(message?.due?.toISOString(), timeZone === undefined ? new Date(now).toISOString() : expected)
    }
  })
})
