import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readFolder } from '../../definitions/read-catalog.ts'
import { givenFolder, withGivenFiles } from '../../testing/fixtures/given-files.ts'
import { holdsLife, type Life } from '../../testing/fixtures/lives.ts'
import { feedStep, workflow } from '../../testing/fixtures/steps.ts'
import { testPglite } from '../../testing/servers/pglite.ts'

const ada = { id: 'ada', name: 'Ada Lovelace' }

const inApp = `
  0  T
  0  F
  0  C`
const mail = `
  0  T
  0  E
  0  C
  0  S`
/** Of samples with a condition on the e-mail, five minutes after the in-app message. */
const holds = `
  0   T
  0   F
  0   delay_1  waits until 5m
  5m  E
  5m  C
  5m  S`
const doesNotHold = `
  0   T
  0   F
  0   delay_1  waits until 5m
  5m  email_1  skipped: conditions do not hold
  5m  C`
const says = (text: string) => `
  0  T
  0  in_app_feed_1  in-app: ${text}
  0  C`
const notSent = (ref: string, text: string) => `
  0  T
  0  ${ref}  ${text}
  0  C
  0  ${ref}  not sent: …`
/** A batch of one. */
const batched = `
  0   T
  0   batch_1  opens until 5m
  5m  batch_1  closes with 1
  5m  F
  5m  C`
const SUNDAY = '2026-01-04T09:00:00Z'

/** A feature each, each way that it can go. Written from their files. */
const lives: Record<string, Life[]> = {
  // steps
  'step-delay-until-timestamp': [
    {
      data: { due_at: '2026-01-06T09:00:00Z' },
      timeline: `
        0   T
        0   delay_1  waits until 1d
        1d  F
        1d  C`,
    },
    { cancelAt: null, timeline: `0  trigger  refused: invalid_params` },
  ],
  'step-delay-until-var': [
    {
      timeline: `
        0   T
        0   delay_1  waits until 2h
        2h  F
        2h  C`,
    },
  ],
  'step-delay-relative': [
    {
      data: { appointment_at: '2026-01-08T09:00:00Z' },
      timeline: `
        0   T
        0   delay_1  waits until 2d
        2d  F
        2d  C`,
    },
  ],
  'step-delay-conditions': [
    {
      data: { delay: true },
      timeline: `
        0   T
        0   delay_1  waits until 1d
        1d  F
        1d  C`,
    },
    {
      data: { delay: false },
      timeline: `
        0  T
        0  delay_1  skipped: conditions do not hold
        0  F
        0  C`,
    },
  ],
  'step-batch-fixed': [
    {
      data: { page_id: 'p1' },
      again: { '2m': {} },
      timeline: `
        0   T
        0   batch_1  opens until 5m
        2m  trigger  joined
        2m  batch_1  joins
        5m  batch_1  closes with 2
        5m  F
        5m  C
        5m  end      goes on in the batch`,
    },
    {
      data: { page_id: 'p1' },
      again: { '2m': { data: { page_id: 'p2' } } },
      timeline: `
        0   T
        0   batch_1  opens until 5m
        2m  trigger  joined
        2m  batch_1  opens until 7m
        5m  batch_1  closes with 1
        5m  F
        5m  C
        7m  batch_1  closes with 1
        7m  F
        7m  C`,
    },
  ],
  'step-batch-sliding': [
    {
      again: { '4m': {} },
      timeline: `
        0   T
        0   batch_1  opens until 5m
        4m  trigger  joined
        4m  batch_1  joins
        5m  batch_1  waits on until 9m
        9m  batch_1  closes with 2
        9m  F
        9m  C
        9m  end      goes on in the batch`,
    },
  ],
  'step-batch-liquid-key': [
    {
      data: { event_type: 'opened' },
      trigger: { actor: ada },
      again: { '1m': { data: { event_type: 'closed' } } },
      timeline: `
        0   T
        0   batch_1  opens until 5m
        1m  trigger  joined
        1m  batch_1  opens until 6m
        5m  batch_1  closes with 1
        5m  F
        5m  C
        6m  batch_1  closes with 1
        6m  F
        6m  C`,
    },
  ],
  'step-batch-until-field': [
    {
      recipient: { batchWindow: { unit: 'minutes', value: 10 } },
      timeline: `
        0    T
        0    batch_1  opens until 10m
        10m  batch_1  closes with 1
        10m  F
        10m  C`,
    },
    {
      // A window that cannot be told: the batch is skipped, and the run goes on.
      timeline: `
        0  T
        0  batch_1  skipped: recipient.batchWindow…
        0  F
        0  C`,
    },
  ],
  'step-batch-limits': [{ timeline: batched }],
  'step-batch-flush-leading': [
    {
      again: { '1m': {}, '2m': {} },
      cancelAt: '3m',
      timeline: `
        0   T
        0   batch_1  passes at once; opens until 5m
        0   F
        0   C
        1m  T
        1m  batch_1  joins; carries it until 5m
        2m  trigger  joined
        2m  batch_1  joins
        5m  batch_1  closes with 2
        5m  F
        5m  C
        5m  end      goes on in the batch`,
    },
    {
      cancelAt: '0',
      timeline: `
        0   T
        0   batch_1  passes at once; opens until 5m
        0   F
        0   C`,
    },
  ],
  'step-batch-version-mode': [{ timeline: batched }],
  'step-throttle': [
    {
      data: { project_id: 'p1' },
      again: { '30m': {}, '31m': { data: { project_id: 'p2' } }, '1h30m': {} },
      cancelAt: '0',
      timeline: `
        0      T
        0      throttle_1  passes
        0      F
        0      C
        30m    T
        30m    throttle_1  ended here: throttled: 1 already passed…
        31m    T
        31m    throttle_1  passes
        31m    F
        31m    C
        1h30m  T
        1h30m  throttle_1  passes
        1h30m  F
        1h30m  C`,
    },
    {
      // Without a key it is skipped.
      timeline: `
        0  T
        0  throttle_1  skipped: throttle_key data.project_id is missing
        0  F
        0  C`,
    },
  ],
  'step-throttle-dynamic': [
    {
      trigger: { tenant: { id: 'acme', throttleWindow: { unit: 'hours', value: 1 } } },
      again: { '10m': {}, '20m': {} },
      cancelAt: '0',
      timeline: `
        0    T
        0    throttle_1  passes
        0    F
        0    C
        10m  T
        10m  throttle_1  passes
        10m  F
        10m  C
        20m  T
        20m  throttle_1  ended here: throttled: 2 already passed…`,
    },
    {
      timeline: `
        0  T
        0  throttle_1  skipped: …
        0  F
        0  C`,
    },
  ],
  'step-branch': [
    {
      recipient: { plan: 'free' },
      timeline: `
        0  T
        0  branch_1  takes Free
        0  F
        0  C`,
    },
    {
      recipient: { plan: 'pro' },
      timeline: `
        0  T
        0  branch_1  takes Default
        0  E
        0  C
        0  S`,
    },
  ],
  'step-branch-nested': [
    {
      data: { a: true, b: 0 },
      timeline: `
        0  T
        0  branch_1  takes A
        0  branch_2  takes B
        0  F
        0  C`,
    },
    {
      data: { a: true },
      timeline: `
        0  T
        0  branch_1  takes A
        0  branch_2  takes Default
        0  C`,
    },
    {
      data: { a: false, b: 1 },
      timeline: `
        0  T
        0  branch_1  takes Default
        0  C`,
    },
  ],
  'step-experiment': [
    // SHA-256 of workflow, step and key, its first 48 bits modulo 1000, is 371 for the one and 709 for the other.
    {
      recipient: { id: 'grace-d' },
      timeline: `
        0  T
        0  experiment_1  cohort Control
        0  C`,
    },
    {
      recipient: { id: 'grace-b' },
      timeline: `
        0  T
        0  experiment_1  cohort Variant
        0  F
        0  C`,
    },
  ],
  'step-fetch': [
    {
      recipient: { id: 'grace-x' },
      data: { q: 'a b' },
      answers: { http_fetch_1: { status: 200, body: { x: 1 }, no_answer: false } },
      timeline: `
        0  T
        0  http_fetch_1  GET https://api.example.com/grace-x?q=a+b by --fetch
        0  http_fetch_1  answered 200
        0  F
        0  C`,
    },
    {
      // Two more tries after 30 and 60 s.
      recipient: { id: 'grace-x' },
      data: { q: '1' },
      answers: {
        http_fetch_1: [
          { status: 503, body: null, no_answer: false },
          { status: 200, body: null, no_answer: true },
          { status: 201, body: {}, no_answer: false },
        ],
      },
      timeline: `
        0      T
        0      http_fetch_1  GET https://api.example.com/grace-x?q=1 by --fetch
        0      http_fetch_1  tried again at 30s: answered 503
        30s    http_fetch_1  GET https://api.example.com/grace-x?q=1 by --fetch
        30s    http_fetch_1  tried again at 1m30s: no answer came
        1m30s  http_fetch_1  GET https://api.example.com/grace-x?q=1 by --fetch
        1m30s  http_fetch_1  answered 201
        1m30s  F
        1m30s  C`,
    },
    {
      recipient: { id: 'grace-x' },
      data: { q: '1' },
      answers: { http_fetch_1: { status: 404, body: null, no_answer: false } },
      timeline: `
        0  T
        0  http_fetch_1  GET https://api.example.com/grace-x?q=1 by --fetch
        0  http_fetch_1  failed here: answered 404`,
    },
    {
      recipient: { id: 'grace-x' },
      data: { q: '1' },
      timeline: `
        0  T
        0  http_fetch_1  GET https://api.example.com/grace-x?q=1 not made: …
        0  http_fetch_1  answered 204
        0  F
        0  C`,
    },
  ],
  'step-fetch-response-path': [
    {
      recipient: { id: 'grace-x' },
      answers: { http_fetch_1: { status: 200, body: { name: 'Ada' }, no_answer: false } },
      timeline: `
        0  T
        0  http_fetch_1  POST https://api.example.com/grace-x by --fetch
        0  http_fetch_1  answered 200
        0  F
        0  C`,
    },
  ],
  'step-fetch-template-headers': [
    {
      recipient: { id: 'grace-x' },
      data: { a: '1', b: '2' },
      answers: { http_fetch_1: { status: 200, body: {}, no_answer: false } },
      timeline: `
        0  T
        0  http_fetch_1  GET https://api.example.com/grace-x?b=2 by --fetch
        0  http_fetch_1  answered 200
        0  F
        0  C`,
    },
  ],
  'step-fetch-alone': [
    {
      recipient: { id: 'grace-x' },
      answers: { http_fetch_1: { status: 200, body: {}, no_answer: false } },
      timeline: `
        0  T
        0  http_fetch_1  POST https://api.example.com/grace-x by --fetch
        0  http_fetch_1  answered 200
        0  C`,
    },
  ],
  'step-wait-message': [
    {
      seen: '10m',
      timeline: `
        0    T
        0    F
        0    wait_1  waits for seen until 1h
        10m  seen    in_app_feed_1
        10m  wait_1  matched
        10m  wait_1  ended here: matched seen: on_match is halt`,
    },
    {
      timeline: `
        0   T
        0   F
        0   wait_1  waits for seen until 1h
        1h  wait_1  no seen came
        1h  E
        1h  C
        1h  S`,
    },
  ],
  'step-wait-workflow': [
    {
      timeline: `
        0   T
        0   F
        0   wait_1  waits for completed until 1h
        1h  wait_1  no completed came
        1h  wait_1  ended here: no completed came in time: on_timeout is halt`,
    },
  ],
  'step-wait-recipient': [
    {
      update: ['10m', { plan: 'pro' }],
      timeline: `
        0    T
        0    F
        0    wait_1  waits for updated until 1h
        10m  update  user grace-…
        10m  wait_1  matched
        10m  wait_1  ended here: matched updated: on_match is halt`,
    },
    {
      timeline: `
        0   T
        0   F
        0   wait_1  waits for updated until 1h
        1h  wait_1  no updated came
        1h  E
        1h  C
        1h  S`,
    },
  ],
  'step-wait-source': [
    {
      event: ['10m', 'Order Completed'],
      timeline: `
        0    T
        0    F
        0    wait_1  waits for Order Completed until 1h
        10m  event   Order Completed; 1 wait for it
        10m  wait_1  matched
        10m  wait_1  ended here: matched Order Completed: on_match is halt`,
    },
    {
      event: ['10m', 'Order Shipped'],
      cancelAt: '5m',
      timeline: `
        0    T
        0    F
        0    wait_1  waits for Order Completed until 1h
        10m  event   Order Shipped; 0 wait for it
        1h   wait_1  no Order Completed came
        1h   E
        1h   C
        1h   S`,
    },
  ],
  'step-trigger-workflow': [
    {
      data: { n: 7 },
      trigger: { actor: ada, tenant: { id: 'acme' } },
      timeline: `
        0  T
        0  trigger_workflow_1        triggers other-flow
        0  F
        0  C
        0  other-flow/in_app_feed_1  in-app: Other 7 of Ada Lovelace for acme
        0  other-flow/end            completed`,
    },
  ],
  'step-update-data': [
    {
      data: { first: 'Ada', last: 'Lovelace' },
      timeline: `
        0  T
        0  update_data_1  data {"full_name":"Ada Lovelace"}
        0  F
        0  C`,
    },
  ],
  'step-update-user': [
    {
      recipient: { id: 'grace-u' },
      timeline: `
        0  T
        0  update_user_1  updates gid://Object/$users/grace-u
        0  F
        0  C`,
    },
  ],
  'step-update-object': [
    {
      data: { project_id: 'p1' },
      timeline: `
        0  T
        0  update_object_1  updates gid://Object/projects/p1
        0  F
        0  C`,
    },
  ],
  'step-update-tenant': [
    {
      data: { t: 'acme' },
      timeline: `
        0  T
        0  update_tenant_1  updates gid://Object/$tenants/acme
        0  F
        0  C`,
    },
  ],
  // channels
  'channel-type-missing-email': [{ timeline: mail }],
  'channel-type-missing-feed': [{ timeline: inApp }],
  'channel-sms': [{ data: { code: 42, phone: '+14155550101' }, timeline: notSent('sms_1', 'sms: Code 42') }],
  'channel-push': [{ timeline: notSent('push_1', 'push: Hi: Body') }],
  'channel-push-silent': [{ timeline: notSent('push_1', 'push, silent:') }],
  'channel-chat-markdown': [{ timeline: notSent('chat_1', 'chat: *Hi*') }],
  'channel-chat-json': [{ data: { x: 'y' }, timeline: notSent('chat_1', 'chat: {"blocks"…') }],
  'channel-http': [
    {
      timeline: `
        0  T
        0  http_1  http: POST https://x.example/
        0  C
        0  http_1  sent to https://x.example/`,
    },
  ],
  'channel-group': [{ timeline: notSent('push_1', 'push: Hi: Body') }],
  'channel-overrides-email': [
    {
      data: { to: 'team@x.example', a: '1' },
      timeline: `
        0  T
        0  E
        0  C
        0  email_1  sent to team@x.example`,
    },
  ],
  'channel-overrides-null': [{ timeline: mail }],
  'channel-send-windows': [
    { timeline: mail },
    {
      start: SUNDAY,
      takenBack: `12h  email_1  taken back`,
      timeline: `
        0   T
        0   email_1  email: Hi; not before 1d: send window
        0   C
        1d  S`,
    },
  ],
  'channel-attachments': [
    { data: { files: [{ name: 'a.txt', content: 'aGk=', content_type: 'text/plain' }] }, timeline: mail },
  ],
  'channel-feed-buttons': [{ timeline: says('x') }],
  'channel-feed-url-and-buttons': [{ timeline: says('x') }],
  // e-mail templates
  'email-html-layout': [{ data: { x: 'y' }, timeline: mail }],
  'email-mjml': [{ data: { x: 'y' }, timeline: mail }],
  'email-pre-content': [{ timeline: mail }],
  'email-empty-blocks': [{ timeline: mail }],
  'email-block-image': [{ timeline: mail }],
  'email-block-html': [{ data: { x: 'y' }, timeline: mail }],
  'email-block-partial': [{ data: { x: 'y' }, timeline: mail }],
  'email-block-outline-button': [{ timeline: mail }],
  'email-render-partial': [{ data: { x: 'y' }, timeline: mail }],
  // conditions
  'conditions-workflow': [
    { recipient: { is_active: true }, timeline: inApp },
    { data: { force: true }, timeline: inApp },
    {
      recipient: { is_active: false },
      cancelAt: null,
      timeline: `
        0  T
        0  end  does not begin: conditions of the workflow do not hold`,
    },
  ],
  'conditions-status-old': [
    { timeline: holds },
    { seen: '3m', timeline: doesNotHold.replace('  5m', '  3m  seen  in_app_feed_1\n  5m') },
  ],
  'conditions-status-new': [
    { timeline: holds },
    { seen: '3m', timeline: doesNotHold.replace('  5m', '  3m  seen  in_app_feed_1\n  5m') },
  ],
  'conditions-delivery': [{ timeline: holds }],
  'conditions-argument-null': [
    { data: { window: null }, timeline: holds },
    { data: { window: 'daily' }, timeline: doesNotHold },
  ],
  'conditions-argument-path': [
    { data: { event: 'b', alert: { events: ['a', 'b'] } }, timeline: holds },
    { data: { event: 'c', alert: { events: ['a', 'b'] } }, timeline: doesNotHold },
  ],
  'conditions-argument-list': [
    { recipient: { roles: ['editor', 'admin', 'author'] }, timeline: holds },
    { recipient: { roles: ['admin'] }, timeline: doesNotHold },
  ],
  'conditions-argument-number': [{ timeline: doesNotHold }],
  'conditions-empty': [
    { timeline: doesNotHold },
    { recipient: { name: '' }, timeline: holds.replace('F', 'in_app_feed_1  in-app: Hello ****') },
  ],
  'conditions-timestamp': [
    { recipient: { trial_ends_at: '2026-01-08T00:00:00Z' }, timeline: holds },
    { recipient: { trial_ends_at: '2026-02-01T00:00:00Z' }, timeline: doesNotHold },
  ],
  'conditions-between': [
    { data: { n: 3 }, timeline: holds },
    { data: { n: 9 }, timeline: doesNotHold },
  ],
  'conditions-vars': [{ timeline: holds }],
  'conditions-workflow-categories': [{ timeline: doesNotHold }],
  // the workflow's own fields
  'workflow-once': [
    {
      again: { '1d': {} },
      cancelAt: '0',
      timeline: `
        0   T
        0   F
        0   C
        1d  T
        1d  end  does not begin: …`,
    },
  ],
  'workflow-once-per-tenant': [
    {
      trigger: { tenant: { id: 'acme' } },
      cancelAt: '0',
      timeline: inApp,
    },
  ],
  'workflow-override-preferences': [
    { recipient: { preferences: { default: { channel_types: { in_app_feed: false } } } }, timeline: inApp },
  ],
  'workflow-commercial': [
    { timeline: mail },
    {
      recipient: { preferences: { default: { commercial_subscribed: false } } },
      timeline: `
        0  T
        0  email_1  skipped: preferences of the recipient
        0  C`,
    },
  ],
  'workflow-json-schema': [
    { data: { name: 'x' }, timeline: inApp },
    { data: { name: 1 }, cancelAt: null, timeline: `0  trigger  refused: invalid_params` },
    { cancelAt: null, timeline: `0  trigger  refused: invalid_params` },
  ],
  'workflow-tags': [{ timeline: inApp }],
  'workflow-readonly-all': [{ timeline: inApp }],
  // Liquid
  'liquid-timezone': [{ timeline: says('2026-01-05T04:00:00…') }],
  'liquid-format-date': [{ timeline: says('5 January 2026') }],
  'liquid-format-datetime': [{ timeline: says('5 Jan 2026, 09:00') }],
  'liquid-format-number': [{ timeline: says('10,000') }],
  'liquid-currency': [{ timeline: says('£10.00') }],
  'liquid-rounded-currency': [{ timeline: says('£11') }],
  'liquid-from-json': [{ data: { s: '{"b": "c"}' }, timeline: says('c') }],
  'liquid-titlecase': [{ data: { s: 'hello world' }, timeline: says('Hello World') }],
  // Of "grace", by md5sum, sha256sum and openssl.
  'liquid-md5': [{ recipient: { id: 'grace' }, timeline: says('15e5c87b18c1289d45bb4a72961b58e8') }],
  'liquid-sha256': [
    {
      recipient: { id: 'grace' },
      timeline: says('e010fd1ce1acc173e3b4835b7635f8d4600d774869102adb5cb7b5d7895649ba'),
    },
  ],
  'liquid-hmac': [
    {
      recipient: { id: 'grace' },
      timeline: says('e88de2e9d1bbaa18873b8f4c56bbc092bda4a0b05da16b8b4887b1e7339bf058'),
    },
  ],
  'liquid-intersect': [{ data: { a: ['x', 'y'], b: ['y', 'z'] }, timeline: says('y') }],
  'liquid-from-markdown': [{ data: { s: '**b**' }, timeline: says('<p><strong>b</strong></p>') }],
  'liquid-compare-versions': [{ timeline: says('-1') }],
  'liquid-user': [{ recipient: { id: 'grace' }, data: { id: 'grace' }, timeline: says('Grace') }],
  'liquid-object': [{ data: { id: 'nobody' }, timeline: says('') }],
  'liquid-tenant': [{ trigger: { tenant: { id: 'acme', name: 'Acme' } }, timeline: says('acme') }],
  'liquid-subscriptions': [{ timeline: says('0') }],
  'liquid-t-filter': [{ timeline: says('orders.ready') }],
  'liquid-t-tag': [{ timeline: says('Hello, Grace!') }],
  // What is kept as the text of a message has the text of an HTML partial.
  'liquid-render': [{ timeline: says('x') }],
  'liquid-date-zone': [{ timeline: says('4:00 AM EST') }],
  'liquid-equals': [
    { recipient: { plan: 'premium' }, timeline: says('true') },
    { recipient: { plan: 'free' }, timeline: says('false') },
  ],
}

const files = {
  'vars.json': {
    app_url: 'https://app.example',
    key: 'k',
    feature: true,
    delayDuration: { unit: 'hours', value: 2 },
  },
  'workflows/other-flow/workflow.json': workflow(
    feedStep('in_app_feed_1', 'Other {{ n }} of {{ actor.name }} for {{ tenant.id }}'),
  ),
}

test('each sample lives as its file says, and ends where it is canceled', withGivenFiles, async (t) => {
  const { folder, samples } = givenFolder(files)
  const catalog = await readFolder(folder)
  const loaded = samples.filter((key) => catalog.definitions.has(key))
  assert.deepEqual(
    loaded.filter((key) => lives[key] === undefined),
    [],
    'every sample that loads has a timeline',
  )
  const store = await testPglite()
  await store.migrate()
  t.after(() => store.close())
  for (const key of loaded)
    for (const [index, life] of lives[key]!.entries())
      await t.test(`${key}, ${index + 1}`, () => holdsLife(store, catalog, key, life))
})
