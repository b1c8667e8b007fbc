import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { HtmlValidate } from 'html-validate'
import { writePreview } from '../../definitions/preview.ts'
import { readCatalog } from '../../definitions/read-catalog.ts'
import { notificationsFolder } from '../../testing/fixtures/notifications-folder.ts'
import { temporaryFolder } from '../../testing/fixtures/folder.ts'
import { toRun } from '../../testing/servers/process.ts'

async function previewed(
  folder: string,
  key: string,
  data: object = {},
  recipient: object = { id: 'ada', name: 'Ada' },
) {
  const { definitions } = await readCatalog(folder)
  const out = temporaryFolder()
  const told = await writePreview(definitions.get(key)!.definition, {
    data: { ...data },
    recipient: { ...recipient },
    out,
  })
  const read = (name: string) => readFileSync(join(out, name), 'utf8')
  return { told, files: readdirSync(out).sort(), read }
}

test('a preview writes each message of a definition and a page that shows them', async () => {
  const lacking = await previewed('notifications', 'new-user-invited')
  assert.match(
    lacking.told.join(),
    /^step email_1: the button .* is left out, since it has no address: data\.invite_url$/,
  )
  const url = 'https://example.com/invites/1'
  const { told, files, read } = await previewed('notifications', 'new-user-invited', { invite_url: url })
  assert.deepEqual(told, [])
  assert.ok(read('email_1.html').includes(`href="${url}"`))
  const feed = ['in_app_feed_1.html', 'in_app_feed_1.json']
  assert.deepEqual(files, ['email_1.html', 'email_1.txt', ...feed, 'index.html'])
  assert.match(read('index.html'), /<h2>email_1 \(email\)<\/h2>/)
})

test('it writes every type of channel, in branches, too, and says what does not work', async () => {
  const step = (type: string, template: object, more: object = {}) => ({
    ...{ ref: `${type}_1`, type: 'channel', channel_type: type, channel_key: type, template },
    ...more,
  })
  const steps = [
    step('in_app_feed', {
      markdown_body: '**{{ data.x }}**',
      action_buttons: [{ label: '{{ data.x }}', action: 'https://a.example' }],
    }),
    {
      ref: 'branch_1',
      type: 'branch',
      branches: [
        {
          name: 'A',
          conditions: { all: [{ variable: 'data.x', operator: 'equal_to', argument: 'no' }] },
          steps: [step('sms', { text_body: 'Hi {{ data.x }}' })],
        },
        { name: 'Default', steps: [step('push', { title: '{{ data.x }}', text_body: 'Hi' })] },
      ],
    },
    step('chat', { markdown_body: 'Hi {{ data.x }} {{ data.owner | user | json }}' }),
    step('http', { method: 'post', url: 'https://a.example', body: '{"x": {{ data.x | json }}}' }),
    step('email', {
      subject: 'Hi',
      visual_blocks: [{ type: 'button_set', buttons: [{ label: 'Go', action: 'javascript:{{ data.x }}' }] }],
    }),
    step('sms', { text_body: '{{ data.at | date: "%H", recipient.timezone }}' }, { ref: 'sms_2' }),
  ]
  const types = { in_app_feed: 'belay', sms: 'twilio', push: 'expo', chat: 'slack', http: 'http', email: 'smtp' }
  const settings = { account_sid: '$SID', auth_token: '$TOKEN', from: '+15017122661' }
  const channels = Object.fromEntries(
    Object.entries(types).map(([type, provider]) => [type, { type, provider, ...(type === 'sms' && { settings }) }]),
  )
  const folder = notificationsFolder({ 'channels.json': channels, 'hello/workflow.json': { name: 'Hello <b>', steps } })
  const data = { x: '<i>"x"', owner: 'bob', at: '2030-01-31T12:00:00Z' }
  const { told, files, read } = await previewed(folder, 'hello', data, { id: 'ada', timezone: 'Mars' })
  assert.deepEqual(files, [
    ...['chat_1.json', 'chat_1.md', 'http_1.json', 'in_app_feed_1.html', 'in_app_feed_1.json', 'index.html'],
    ...['push_1.json', 'push_1.txt', 'sms_1.json', 'sms_1.txt', 'sms_2.json', 'sms_2.txt'],
  ])
  assert.deepEqual(told, [
    'user bob: nobody is found in a preview',
    'step email_1, template.visual_blocks[0].buttons[0].action: is an address that is not safe to open',
    'step sms_2: the time zone "Mars" is not known: UTC is shown',
  ])
  assert.equal(read('sms_1.txt'), 'Hi <i>"x"\n')
  assert.equal(read('push_1.txt'), '<i>"x"\nHi\n')
  const index = read('index.html')
  assert.match(index, /is an address that is not safe to open/)
  assert.doesNotMatch(index, /<i>/)
  const validator = new HtmlValidate({
    extends: ['html-validate:standard'],
    rules: { 'no-trailing-whitespace': 'off' },
  })
  for (const html of [index, read('in_app_feed_1.html')]) assert.ok((await validator.validateString(html)).valid, html)
})

test('the command warns of what the definition shows and uses, and of no other', () => {
  const steps = (body: string) => [{ ref: 'mail', type: 'channel', channel_key: 'mail', template: templateOf(body) }]
  const templateOf = (content: string) => ({
    ...{ subject: 'Hi', settings: { layout_key: 'own' }, visual_blocks: [{ type: 'markdown', content }] },
  })
  const other = [
    { ...steps('{{ vars.other }} {{ vars.token }}')[0], template: { subject: 'Hi', settings: { layout_key: 'gone' } } },
  ]
  const folder = notificationsFolder({
    'channels.json': { mail: { type: 'email' } },
    'vars.json': { key: '$BELAY_TEST_NOT_SET', token: '$BELAY_TEST_NOT_SET_EITHER' },
    'layouts/own/layout.json': { html_layout: '{{ content }}{{ vars.of_layout }}' },
    'layouts/others/layout.json': { html_layout: '{{ content }}{{ vars.of_other_layout }}' },
    'partials/card/partial.json': { type: 'html', content: '{{ vars.of_card }}{{ vars.key }}' },
    'hello/workflow.json': { name: 'Hello', steps: steps("{{ vars.own }}{% render 'card' %}") },
    'other/workflow.json': { name: 'Other', steps: other },
    'third/workflow.json': {
      name: 'Third',
      steps: [{ ...steps('')[0], template: { ...templateOf('{{ vars.token }}'), settings: { layout_key: 'others' } } }],
    },
  })
  const { status, stderr } = spawnSync(
    process.execPath,
    [...toRun('definitions/main.ts'), 'preview', 'hello', '--out', temporaryFolder()],
    { encoding: 'utf8', env: { ...process.env, BELAY_NOTIFICATIONS_DIR: folder } },
  )
  assert.equal(status, 0, stderr)
  const told = stderr
    .trim()
    .split('\n')
    .map((line) => line.replace(/, which.*/, ''))
  assert.deepEqual(told, [
    'hello/workflow.json, step mail, template.visual_blocks[0].content: uses vars.own',
    'layouts/own, html: uses vars.of_layout',
    'partials/card, content: uses vars.of_card',
    'vars.json: the environment variable BELAY_TEST_NOT_SET is not set: its value shows as nothing',
  ])
})
