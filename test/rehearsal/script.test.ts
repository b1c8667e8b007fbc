import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { readFolder } from '../../definitions/read-catalog.ts'
import { assertKnownSteps } from '../../rehearsal/known-steps.ts'
import { rehearse } from '../../rehearsal/rehearse.ts'
import { readScript } from '../../rehearsal/script.ts'
import { HostList } from '../../settings/host-list.ts'
import { notificationsFolder } from '../../testing/fixtures/notifications-folder.ts'
import { toRun } from '../../testing/servers/process.ts'

const is = (variable: string, argument: string) => ({ all: [{ variable, operator: 'equal_to', argument }] })
const mail = (more: object = {}) => ({
  ref: 'email_1',
  type: 'channel',
  channel_type: 'email',
  template: { subject: 'For {{ tenant.name }}', text_body: 'Hi' },
  ...more,
})

test('a rehearsal takes its tenant from a file, whose properties and preferences count', async () => {
  const folder = notificationsFolder({
    'hello/workflow.json': { steps: [mail(), { ...mail(), ref: 'email_2', conditions: is('tenant.plan', 'pro') }] },
  })
  const file = (name: string, tenant: object) => {
    writeFileSync(path.join(folder, name), JSON.stringify(tenant))
    return path.join(folder, name)
  }
  const lived = async (tenant: string) => {
    const script = await readScript('hello', { tenant, at: '2026-01-05T09:00:00Z' }, HostList.none)
    const entries = await rehearse(await readFolder(folder), script)
    return entries.filter(({ label }) => label.startsWith('email')).map(({ label, text }) => `${label} ${text}`)
  }
  const acme = { id: 'acme', name: 'Acme', plan: 'pro' }
  assert.deepEqual((await lived(file('acme.json', acme))).slice(0, 2), [
    'email_1 email: For Acme',
    'email_2 email: For Acme',
  ])
  const quiet = { ...acme, settings: { preference_set: { channel_types: { email: false } } } }
  const skipped = 'skipped: preferences of the recipient'
  assert.deepEqual(await lived(file('quiet.json', quiet)), [`email_1 ${skipped}`, `email_2 ${skipped}`])
})

test('a rehearsal says of each channel of a group why it could not be used, as the run’s events do', async () => {
  const catalog = await readFolder(
    notificationsFolder({
      'hello/workflow.json': { steps: [mail({ channel_group_key: 'either' })] },
      'channels.json': {
        first: { type: 'email', conditions: is('recipient.plan', 'pro') },
        second: { type: 'email', id: '8209f26c-62a5-461d-95e2-a5716a26e652' },
        either: { type: 'email', operator: 'any', channels: ['first', 'second'] },
      },
    }),
  )
  const preferences = { default: { channels: { '8209f26c-62a5-461d-95e2-a5716a26e652': false } } }
  const body = { recipients: [{ id: 'ada', preferences }], data: {} }
  const happenings = [{ after: 0, kind: 'trigger' as const, body }]
  const entries = await rehearse(catalog, { workflow: 'hello', start: 0, happenings })
  const told = entries.find(({ label }) => label === 'email_1')!
  assert.equal(told.text, 'skipped: no channel of the group may be used')
  assert.deepEqual(told.why, [
    'first: conditions of the channel do not hold',
    '  recipient.plan equal_to "pro": no, it is ""',
    'second: preferences of the recipient',
    '  held back by "channels.8209f26c-62a5-461d-95e2-a5716a26e652"',
  ])
  const willing = { recipients: ['bob'], data: {} }
  const sent = await rehearse(catalog, {
    workflow: 'hello',
    start: 0,
    happenings: [{ after: 0, kind: 'trigger' as const, body: willing }],
  })
  const [left, made] = sent.filter(({ label }) => label === 'email_1')
  assert.equal(left!.text, 'leaves out first')
  assert.deepEqual(left!.why, told.why.slice(0, 2))
  assert.match(made!.text, /^email: /)
})

test('a rehearsal says how the conditions of a preference came out that held a message back', async () => {
  const catalog = await readFolder(notificationsFolder({ 'hello/workflow.json': { steps: [mail()] } }))
  const conditions = [
    { variable: 'recipient.muted', operator: 'not_equal_to', argument: 'yes' },
    { variable: 'data.plan', operator: 'equal_to', argument: 'pro' },
  ]
  const preferences = { default: { workflows: { hello: { conditions } } } }
  const body = { recipients: [{ id: 'ada', muted: 'yes', preferences }], data: { plan: 'pro' } }
  const happenings = [{ after: 0, kind: 'trigger' as const, body }]
  const entries = await rehearse(catalog, { workflow: 'hello', start: 0, happenings })
  assert.deepEqual(entries.find(({ label }) => label === 'email_1')!.why, [
    'held back by "workflows.hello"',
    '  all of',
    '    recipient.muted not_equal_to "yes": no, it is "yes"',
    '    data.plan equal_to "pro": yes, it is "pro"',
  ])
})

test('a rehearsal tells each try of a step that fails, and the last one as the end', async () => {
  const update = { ref: 'update_1', type: 'update_data', settings: { data: '{"a": {{ data.none }} }' } }
  const catalog = await readFolder(notificationsFolder({ 'hello/workflow.json': { steps: [update, mail()] } }))
  const happenings = [{ after: 0, kind: 'trigger' as const, body: { recipients: ['ada'], data: {} } }]
  const entries = await rehearse(catalog, { workflow: 'hello', start: 0, happenings })
  const reason = 'data must render as a JSON object'
  assert.deepEqual(
    entries.map(({ at, label, text }) => `${at / 1000} ${label} ${text}`),
    [
      '0 trigger accepted',
      `0 update_1 tried again at 5s: ${reason}`,
      `5 update_1 tried again at 20s: ${reason}`,
      `20 update_1 failed here: ${reason}`,
    ],
  )
})

test('a rehearsal fails where data chose a host for vars that is not listed, as a worker would', async () => {
  const headers = [{ key: 'Authorization', value: '{{ vars.key }}' }]
  const hook = {
    ref: 'hook',
    type: 'channel',
    channel_type: 'http',
    template: { method: 'post', url: '{{ data.url }}', headers },
  }
  const fetched = { ref: 'fetch', type: 'http_fetch', settings: { method: 'get', url: '{{ data.url }}', headers } }
  const files = { 'hello/workflow.json': { steps: [hook, fetched] }, 'vars.json': { key: 'sesame' } }
  const catalog = await readFolder(notificationsFolder(files))
  const body = { recipients: ['ada'], data: { url: 'https://evil.example/' } }
  const happenings = [{ after: 0, kind: 'trigger' as const, body }]
  const textsOf = async (secretHosts?: HostList) => {
    const entries = await rehearse(catalog, { workflow: 'hello', start: 0, happenings, secretHosts })
    return entries.map(({ label, text }) => `${label} ${text}`).join('\n')
  }
  const told = await textsOf()
  assert.match(told, /^hook .*not sent.*data chose the host evil\.example.*secret_hosts of channel/m)
  assert.match(told, /^fetch failed here: url: data chose the host evil\.example/m)
  assert.doesNotMatch(told, /^fetch GET/m)
  const listed = await textsOf(new HostList(['evil.example']))
  assert.doesNotMatch(listed, /data chose/)
  assert.match(listed, /^fetch GET https:\/\/evil\.example/m)
})

test('a trigger or an update that the API would refuse is told in its words, and a rehearsal with one exits with 1', () => {
  const folder = notificationsFolder({
    'hello/workflow.json': { steps: [mail()] },
    'zed.json': { id: 'zed', timezone: 'Mars/Base' },
  })
  const file = path.join(folder, 'zed.json')
  const told = (...more: string[]) => {
    const args = [...toRun('rehearsal/main.ts'), 'hello', '--folder', folder, ...more]
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
    assert.equal(stderr, '')
    return { status, lines: stdout.split('\n').slice(2) }
  }
  const zone = 'timezone must be an IANA time zone'
  const trigger = told('--recipient', file)
  assert.deepEqual([trigger.status, trigger.lines[0]], [1, '0  trigger  refused: invalid_params'])
  assert.ok(trigger.lines[1]?.trim().startsWith(`recipients[0].${zone}`), trigger.lines[1])
  const update = told('--update', `5m=${file}`)
  assert.equal(update.status, 1)
  const at = update.lines.findIndex((line) => line.endsWith('update   refused: invalid_params'))
  assert.ok(update.lines[at + 1]?.trim().startsWith(zone), update.lines.join('\n'))
})

test('a step that a rehearsal is told of and that is not there is named, with those that are', async () => {
  const fetch = (ref: string) => ({ ref, type: 'http_fetch', settings: { method: 'get', url: 'https://x.example' } })
  const trigger = { ref: 'trigger_1', type: 'trigger_workflow', settings: { workflow_key: 'other' } }
  const folder = notificationsFolder({
    'hello/workflow.json': { steps: [fetch('fetch_1'), mail()] },
    'chain/workflow.json': { steps: [trigger] },
    'answers.json': { fetch_1: {}, fetch_9: {} },
  })
  const catalog = await readFolder(folder)
  const check = async (workflow: string, values: Parameters<typeof readScript>[1]) =>
    assertKnownSteps(catalog, await readScript(workflow, values, HostList.none))
  await check('hello', { seen: ['1h', '2h=email_1'] })
  await assert.rejects(check('hello', { seen: ['1h=nostep'] }), {
    message: '--seen names nostep, which is no step of hello that makes messages; there are: email_1',
  })
  await assert.rejects(check('hello', { fetch: path.join(folder, 'answers.json') }), {
    message: '--fetch names fetch_9, which is no http_fetch step of hello; there are: fetch_1',
  })
  // What it triggers is part of the rehearsal.
  await check('chain', { seen: ['2h=email_1'] })
  await assert.rejects(check('chain', { seen: ['1h=nostep'] }), /nostep/)
})

test('the name of an event may hold colons; only what ends in .json behind the last is a file', async () => {
  const file = path.join(notificationsFolder({ 'paid.json': { sum: 3 } }), 'paid.json')
  const eventsOf = async (...event: string[]) =>
    (await readScript('hello', { event }, HostList.none)).happenings.flatMap((each) =>
      each.kind === 'event' ? [[each.event, each.data]] : [],
    )
  assert.deepEqual(await eventsOf('5m=paid', '5m=order:paid', `5m=order:paid:${file}`, `5m=paid:${file}`), [
    ['paid', {}],
    ['order:paid', {}],
    ['order:paid', { sum: 3 }],
    ['paid', { sum: 3 }],
  ])
  await assert.rejects(eventsOf('5m=', '5m'), /--event names no event/)
  await assert.rejects(eventsOf(`5m=:${file}`), /--event names no event/)
})
