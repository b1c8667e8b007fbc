import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { notificationsFolder, problemsOf } from '../../testing/fixtures/notifications-folder.ts'
import { catalogOfFiles, startWalk } from '../../testing/fixtures/walked.ts'
import { onEachStore } from '../../testing/servers/each-store.ts'

const mail = (overrides?: object) => ({
  steps: [
    {
      ...{ ref: 'mail_1', type: 'channel', channel_type: 'email', channel_key: 'mail' },
      ...(overrides && { channel_overrides: overrides }),
      template: { subject: 'Hi', html_body: '<p>Hi</p>' },
    },
  ],
})
const settings = {
  from: '{{ data.company }} <{{ data.sender | default: vars.sender }}>',
  reply_to: '$BELAY_TEST_REPLY_TO',
  to: '{% if data.safe %}safe@acme.example{% endif %}',
  cc: '{{ data.cc | join: ", " }}',
  bcc: 'audit@acme.example',
}
const catalog = await catalogOfFiles(
  {
    plain: mail(),
    own: mail({ from_address: 'ceo@acme.example', cc_address: 'step@acme.example' }),
    named: mail({ from_address: 'The CEO <ceo@acme.example>' }),
    broken: mail(),
  },
  { 'channels.json': { mail: { type: 'email', settings } }, 'vars.json': { sender: 'notify@acme.example' } },
)

onEachStore(catalog, (store) => {
  const settingsOf = async (key: string, data: Record<string, unknown>) => {
    const walked = await startWalk(store(), catalog, key, { recipient: randomUUID(), data: data as never })
    const [message] = await walked.messages()
    return { settings: message?.content['settings'], events: await walked.events() }
  }

  test('a channel’s addresses are filled in for each recipient, and those that came out empty say nothing', async () => {
    process.env['BELAY_TEST_REPLY_TO'] = '{{ data.reply }}'
    const full = await settingsOf('plain', {
      company: 'Acme, "Inc"\n <x@y>',
      reply: 'r@a.example',
      cc: ['a@a.example', 'b@a.example'],
    })
    assert.deepEqual(full.settings, {
      from: 'notify@acme.example',
      from_name: 'Acme, "Inc" <x@y>',
      reply_to: 'r@a.example',
      cc: 'a@a.example, b@a.example',
    })
    const safe = await settingsOf('plain', { safe: true })
    assert.deepEqual(safe.settings, { from: 'notify@acme.example', to: 'safe@acme.example' })
    delete process.env['BELAY_TEST_REPLY_TO']
  })

  test('the step’s own addresses come first, and its sender keeps a name of its own', async () => {
    const { settings } = await settingsOf('own', { company: 'Acme', cc: ['a@a.example'] })
    assert.deepEqual(settings, { from: 'ceo@acme.example', from_name: 'Acme', cc: 'step@acme.example' })
    const named = await settingsOf('named', { company: 'Acme' })
    assert.deepEqual(named.settings, { from: 'The CEO <ceo@acme.example>' })
  })

  test('one that fails for a recipient fails the run, and names the setting', async () => {
    const { settings, events } = await settingsOf('broken', { company: 1, cc: Array(60_000).fill('x'.repeat(50)) })
    assert.equal(settings, undefined)
    assert.match(JSON.stringify(events), /step mail_1, channel mail, settings.cc: /)
  })
})

test('Liquid that cannot be read is a problem of channels.json, as is Liquid where none may be', async () => {
  const channels = {
    mail: { type: 'email', settings: { from: '{{ data.x | nope }}', cc: '{% if %}', smtp_url: '{{ x }}' } },
  }
  const problems = await problemsOf(notificationsFolder({ 'channels.json': channels }))
  assert.match(JSON.stringify(problems), /settings.from.*is not Liquid that can be read: undefined filter: nope/)
  assert.match(JSON.stringify(problems), /settings.cc.*is not Liquid that can be read/)
  assert.match(JSON.stringify(problems), /settings.smtp_url.*must be/)
})
