import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import type { Outgoing } from '../../channels/sender.ts'
import { findChannelData, putChannelData } from '../../store/profiles/channel-data.ts'
import { dropDevices } from '../../store/profiles/drop-devices.ts'
import { upsertUsers } from '../../store/profiles/users.ts'
import { TestWorker } from '../../testing/fixtures/activities.ts'
import { accept, messageNow, rowNow } from '../../testing/fixtures/recipient-runs.ts'
import { catalogOfFiles, startWalk } from '../../testing/fixtures/walked.ts'
import { onEachStore } from '../../testing/servers/each-store.ts'

const push = {
  ref: 'push_1',
  type: 'channel',
  channel_type: 'push',
  channel_key: 'push',
  template: {
    title: '{{ "hi" | t }}',
    text_body: '{{ current_message.id }} {{ data.at | date: "%H:%M", recipient.timezone }}',
  },
}
const catalog = await catalogOfFiles(
  { push: { name: 'Push', steps: [push] } },
  {
    'channels.json': { push: { type: 'push', provider: 'expo' } },
    'translations/en/en.json': { hi: 'Hello' },
    'translations/de/de.json': { hi: 'Hallo' },
  },
)
const { id: channelId } = catalog.channels.find(({ key }) => key === 'push')!

onEachStore(catalog, (store) => {
  const withDevices = async (data: object) => {
    const recipient = randomUUID()
    await upsertUsers(store(), [{ id: recipient, properties: {} }])
    await putChannelData(store(), [{ recipient, channels: { [channelId]: data as never } }])
    return recipient
  }

  test('each device gets a message of its own, in its language and zone where it has its own', async () => {
    const devices = [
      { token: 'b', locale: 'de', timezone: 'Asia/Tokyo' },
      { endpoint: 'https://push.example/1', keys: { p256dh: 'p', auth: 'a' } },
      { token: 'a' },
      { locale: 'de' },
    ]
    const recipient = await withDevices({ tokens: ['a', '', 5], devices })
    const walked = await startWalk(store(), catalog, 'push', { recipient, data: { at: '2030-01-31T12:00:00Z' } })
    const made = (await walked.messages()).map(({ content, part, status }) => ({
      ...(content as object),
      part,
      status,
    }))
    const shared = { delivery_type: 'content', payload_overrides: null, status: 'queued' }
    assert.deepEqual(made, [
      { token: 'a', title: 'Hello', body: `${walked.messageId(0)} 12:00`, part: 0, ...shared },
      { token: 'b', title: 'Hallo', body: `${walked.messageId(1)} 21:00`, part: 1, ...shared },
      { token: 'https://push.example/1', title: 'Hello', body: `${walked.messageId(2)} 12:00`, part: 2, ...shared },
    ])
  })

  test('a recipient without a device has one message, which names none', async () => {
    const walked = await startWalk(store(), catalog, 'push', { recipient: randomUUID() })
    const [message, ...rest] = await walked.messages()
    assert.deepEqual([(message!.content as { token?: string }).token, rest], [undefined, []])
  })

  test('a device that the provider says is gone is dropped, and its next message is for the others alone', async () => {
    const recipient = await withDevices({ tokens: ['old', 'good'], devices: [{ token: 'old', locale: 'de' }], kept: 1 })
    const accepted = await accept(store(), catalog.definitions.get('push')!, randomUUID(), [recipient])
    const [row] = accepted.rows as [number]
    const sent: unknown[] = []
    const worker = new TestWorker(store(), ({ content }: Outgoing<unknown>) => {
      const { token } = content as { token: string }
      sent.push(token)
      const reason = 'answered 410 Unregistered: the device is gone'
      return Promise.resolve(token === 'old' ? { kind: 'refused', reason, gone: [token] } : { kind: 'sent' })
    })
    await worker.advance(accepted.workflowId, [row], (await rowNow(store(), row)).revision)
    await worker.deliver(accepted.workflowId, 'push/0', [row])
    await worker.deliver(accepted.workflowId, 'push/1', [row])
    assert.deepEqual(sent, ['old', 'good'])
    const statuses = [(await messageNow(store(), row, 0)).status, (await messageNow(store(), row, 1)).status]
    assert.deepEqual(statuses, ['undelivered', 'sent'])
    assert.deepEqual(await findChannelData(store(), recipient, channelId), { tokens: ['good'], devices: [], kept: 1 })
    const next = await startWalk(store(), catalog, 'push', { recipient })
    assert.deepEqual(
      (await next.messages()).map(({ content }) => (content as { token?: string }).token),
      ['good'],
    )
  })

  test('devices of many recipients are dropped at once, and data that is none stays as it is', async () => {
    const [ada, bob, eve] = await Promise.all([
      withDevices({ tokens: ['a', 'b'] }),
      withDevices({
        devices: [{ endpoint: 'https://push.example/b' }, { endpoint: 'https://push.example/c' }, null, 7],
      }),
      withDevices({ tokens: 'a', devices: { token: 'a' } }),
    ])
    const gone = [
      { recipient: ada, channelId, token: 'a' },
      { recipient: ada, channelId, token: 'b' },
      { recipient: bob, channelId, token: 'https://push.example/b' },
      { recipient: eve, channelId, token: 'a' },
      { recipient: randomUUID(), channelId, token: 'a' },
    ]
    const dropped = await dropDevices(store(), gone, Date.now())
    assert.deepEqual(dropped.map(({ recipient }) => recipient).sort(), [ada, bob].sort())
    const left = await Promise.all([ada, bob, eve].map((recipient) => findChannelData(store(), recipient, channelId)))
    assert.deepEqual(left, [
      { tokens: [] },
      { devices: [{ endpoint: 'https://push.example/c' }, null, 7] },
      { tokens: 'a', devices: { token: 'a' } },
    ])
    assert.deepEqual(await dropDevices(store(), gone, Date.now()), [])
  })
})
