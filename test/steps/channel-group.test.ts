import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { uuidOf } from '../../definitions/version.ts'
import { transaction } from '../../store/postgres/database.ts'
import { putPreferenceSets } from '../../store/profiles/preference-sets.ts'
import { putChannelData } from '../../store/profiles/channel-data.ts'
import { notificationsFolder, problemsOf } from '../../testing/fixtures/notifications-folder.ts'
import { cancel, claimMessage } from '../../testing/fixtures/recipient-runs.ts'
import { catalogOfFiles, startWalk } from '../../testing/fixtures/walked.ts'
import { onEachStore } from '../../testing/servers/each-store.ts'

const onlyIf = (variable: string) => ({
  conditions: { all: [{ variable, operator: 'equal_to', argument: true }] },
})
const files = {
  'channels.json': {
    main: { type: 'email' },
    spare: { type: 'email', ...onlyIf('data.spare') },
    apns: { type: 'push', provider: 'expo' },
    fcm: { type: 'push', provider: 'expo' },
    both: { type: 'email', operator: 'all', channels: ['main', 'spare'] },
    one: { type: 'email', operator: 'any', channels: [{ channel: 'main', ...onlyIf('data.main') }, 'spare'] },
    devices: { type: 'push', operator: 'any', channels: ['apns', 'fcm'] },
  },
}
const mail = (where: object) => ({
  steps: [
    {
      ref: 'mail_1',
      type: 'channel',
      channel_type: 'email',
      ...where,
      template: { subject: 'Hi', html_body: '{{ current_message.id }}' },
    },
  ],
})
const catalog = await catalogOfFiles(
  {
    both: mail({ channel_group_key: 'both' }),
    one: mail({ channel_group_key: 'one' }),
    spare: mail({ channel_key: 'spare' }),
    unknown: mail({ channel_group_key: 'elsewhere' }),
    push: { steps: [{ ref: 'push_1', type: 'channel', channel_group_key: 'devices', template: { title: 'Hi' } }] },
  },
  files,
)

onEachStore(catalog, (store) => {
  const start = (key: string, data: Record<string, boolean> = {}, more: object = {}) => {
    return startWalk(store(), catalog, key, { recipient: randomUUID(), data, ...more })
  }
  const channelsOf = async (walked: Awaited<ReturnType<typeof start>>) => {
    const names = new Map(['main', 'spare', 'apns', 'fcm'].map((key) => [uuidOf(key), key]))
    return (await walked.messages()).map(({ channelId }) => names.get(channelId))
  }

  test('of a group with all each channel makes a message of its own, with its own id', async () => {
    const walked = await start('both', { spare: true })
    assert.deepEqual(await channelsOf(walked), ['main', 'spare'])
    const made = await walked.messages()
    made.forEach(({ number, part, content }, index) => {
      assert.deepEqual([number, part], [index, index])
      assert.match(JSON.stringify(content), new RegExp(walked.messageId(index)))
    })
    assert.deepEqual(await channelsOf(await start('both')), ['main'])
  })

  test('of a group with any the first does whose conditions hold, those of the channel and of the group', async () => {
    assert.deepEqual(await channelsOf(await start('one', { main: true, spare: true })), ['main'])
    assert.deepEqual(await channelsOf(await start('one', { spare: true })), ['spare'])
    const none = await start('one')
    assert.deepEqual(await none.made(), [])
    const [[ref, event, data] = []] = await none.events()
    assert.deepEqual([ref, event, data?.['reason']], ['mail_1', 'step_skipped', 'no channel of the group may be used'])
    const told = data?.['channels'] as { channel: string; reason: string }[]
    const reason = 'conditions of the channel do not hold'
    assert.deepEqual(
      told.map(({ channel, reason: why }) => [channel, why]),
      [
        ['main', reason],
        ['spare', reason],
      ],
    )
  })

  test('a channel of a group that is refused while another sends leaves an event that says why', async () => {
    const refused = async (key: string, data: Record<string, boolean>, more: object = {}) =>
      (await (await start(key, data, more)).events()).map(([ref, event, told]) => {
        const channels = told['channels'] as { channel: string; reason: string }[]
        return [ref, event, ...channels.map(({ channel, reason, ...rest }) => [channel, reason, Object.keys(rest)])]
      })
    const reason = 'conditions of the channel do not hold'
    assert.deepEqual(await refused('both', {}), [['mail_1', 'step_decided', ['spare', reason, ['conditions']]]])
    assert.deepEqual(await refused('one', { spare: true }), [
      ['mail_1', 'step_decided', ['main', reason, ['conditions']]],
    ])
    const recipient = randomUUID()
    const sets = { default: { strategy: 'replace' as const, set: { channels: { [uuidOf('main')]: false } } } }
    await transaction(store(), (tx) => putPreferenceSets(tx, [{ recipient, sets }]))
    assert.deepEqual(await refused('both', { spare: true }, { recipient }), [
      ['mail_1', 'step_decided', ['main', 'preferences of the recipient', ['rules', 'blocked_by']]],
    ])
    // Nobody refused anything; and one behind the first that may be used is not asked for.
    assert.deepEqual(await refused('both', { spare: true }), [])
    assert.deepEqual(await refused('one', { main: true }), [])
  })

  test('the conditions of a channel are asked by each step that names it, and not in sandbox mode', async () => {
    assert.deepEqual(await channelsOf(await start('spare', { spare: true })), ['spare'])
    const kept = await start('spare')
    assert.deepEqual(await kept.made(), [])
    assert.match(JSON.stringify(await kept.events()), /conditions of the channel do not hold.*data\.spare/)
    assert.deepEqual(await channelsOf(await start('spare', {}, { sandboxMode: true })), ['spare'])
  })

  test('a group of push channels with any takes the first at which the recipient has a device', async () => {
    const recipient = randomUUID()
    const channels = { [uuidOf('fcm')]: { tokens: ['one', 'two'] } }
    await transaction(store(), (tx) => putChannelData(tx, [{ recipient, channels }]))
    assert.deepEqual(await channelsOf(await start('push', {}, { recipient })), ['fcm', 'fcm'])
    assert.deepEqual(await channelsOf(await start('push')), ['apns'])
  })

  test('a group that channels.json does not have means the first channel of the type', async () => {
    assert.deepEqual(await channelsOf(await start('unknown')), ['main'])
  })

  test('a cancel names each message of the step: those taken back, and those being sent', async () => {
    const key = randomUUID()
    const walked = await start('both', { spare: true }, { key })
    await claimMessage(store(), walked.id, 0)
    const { verdict } = await cancel(store(), catalog.definitions.get('both')!, key)
    const [recipient] = verdict.recipients
    const [run] = recipient!.runs
    assert.deepEqual([recipient?.outcome, verdict.summary.canceled], ['canceled', 1])
    assert.deepEqual([run?.taken_back, run?.in_flight], [[walked.messageId(1)], [walked.messageId(0)]])
  })
})

test('a group that cannot be is refused with its place in channels.json', async () => {
  const told = async (group: object, step: object = { channel_group_key: 'g' }) => {
    const folder = { 'channels.json': { ...files['channels.json'], g: group }, 'a-b/workflow.json': mail(step) }
    const problems = await problemsOf(notificationsFolder(folder))
    return problems
      .filter(({ message }) => !message.startsWith('needs'))
      .map(({ field, message }) => `${field} ${message}`)
  }
  assert.deepEqual(await told({ type: 'email', channels: ['main', 'none', 'apns', 'main'] }), [
    'g.channels[1] there is no channel none',
    'g.channels[2] the channel apns is of type push, not email',
    'g.channels[3] stands twice: main',
  ])
  assert.match((await told({ type: 'email', channels: [] })).join(), /g\.channels must name at least one channel/)
  assert.match(
    (await told({ type: 'email', operator: 'some', channels: ['main'] })).join(),
    /g\.operator must be any or all/,
  )
  const refs = { type: 'email', channels: [{ channel: 'main', ...onlyIf('refs.x.status') }] }
  assert.match((await told(refs)).join(), /refs is not there for the conditions of a channel/)
  const good = { type: 'email', channels: ['main'] }
  assert.match((await told(good, { channel_group_key: 'g', channel_key: 'main' })).join(), /a step has either/)
  assert.match((await told(good, { channel_group_key: 'devices' })).join(), /devices is of type push, not email/)
})
