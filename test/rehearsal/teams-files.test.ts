import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readFolder } from '../../definitions/read-catalog.ts'
import { holdsLife, type Life } from '../../testing/fixtures/lives.ts'
import { notificationsFolder } from '../../testing/fixtures/notifications-folder.ts'
import { testPglite } from '../../testing/servers/pglite.ts'

const is = (variable: string, argument: unknown, operator = 'equal_to') => ({ variable, operator, argument })
const feed = (ref: string, markdown_body: string, more: object = {}) => ({
  ref,
  type: 'channel',
  channel_key: 'in-app',
  template: { markdown_body },
  ...more,
})
const mail = (ref: string, subject: string, more: object = {}) => ({
  ref,
  type: 'channel',
  channel_key: 'knock-email',
  template: {
    subject,
    settings: { layout_key: '', attachment_key: 'attachments' },
    visual_blocks: [{ type: 'markdown', content: subject, id: 'b1', version: 1, variant: 'default' }],
    is_mjml: false,
  },
  ...more,
})
const of = (type: string, ref: string, settings: object, more: object = {}) => ({ ref, type, settings, ...more })
const minutes = (value: number) => ({ unit: 'minutes', value })
const hours = (value: number) => ({ unit: 'hours', value })
const sent = (ref: string) => `${ref}  sent to grace@example.com`

/** Workflow files as teams and older tools write them; `@` files beside them stand in `files`. */
const workflows: Record<string, { steps: object[]; [field: string]: unknown }> = {
  // Fields that say nothing, and those of an older export.
  'old-export': {
    $schema: 'https://schemas.knock.app/cli/workflow.json',
    name: 'Old export',
    categories: [],
    trigger_data_json_schema: null,
    trigger_frequency: 'every_trigger',
    settings: {},
    conditions: { all: [] },
    __readonly: { environment: 'development', key: 'old-export', active: true, created_at: '2023-01-01T00:00:00Z' },
    steps: [
      {
        ref: 'in_app_feed_1',
        name: '',
        type: 'channel',
        channel_key: 'in-app-feed',
        channel_group_key: null,
        channel_overrides: null,
        conditions: null,
        send_windows: [],
        template: { 'markdown_body@': 'in_app_feed_1\\markdown_body.md', action_url: null, action_buttons: [] },
      },
      {
        ref: 'sendgrid_1',
        type: 'channel',
        channel_key: 'sendgrid',
        channel_overrides: { from_address: null, to_address: '', cc_address: null },
        template: { subject: 'Hi {{ recipient.name }}', 'html_body@': '.\\sendgrid_1\\html_body.html', text_body: '' },
      },
    ],
  },
  // The answer of a fetch decides, and stands in the text.
  'fetch-decides': {
    steps: [
      of('http_fetch', 'fetch_1', {
        method: 'get',
        url: 'https://api.acme.example/{{ recipient.id }}',
        headers: [
          { key: 'authorization', value: 'Bearer x' },
          { key: 'Idempotency-Key', value: 'acme/{{ recipient.id }}' },
        ],
        query_params: null,
        body: null,
        response_path: 'account',
      }),
      {
        ref: 'branch_1',
        type: 'branch',
        branches: [
          {
            name: 'Pro',
            conditions: { all: [is('data.account.plan', 'pro'), is('data.account.seats', '5', 'greater_than')] },
            steps: [mail('email_1', '{{ account.seats }} seats')],
          },
          {
            name: 'Default',
            conditions: null,
            steps: [feed('feed_1', 'Plan {{ data.account.plan | default: "none" }}')],
          },
        ],
      },
    ],
  },
  // A branch chooses between batches, and both go on in the same step.
  'batch-by-branch': {
    steps: [
      {
        ref: 'branch_1',
        type: 'branch',
        branches: [
          {
            name: 'Quiet',
            conditions: {
              any: [is('recipient.digest', true), { all: [is('data.kind', 'like'), is('actor.id', 'bob')] }],
            },
            steps: [of('batch', 'batch_1', { batch_window: hours(2), batch_key: 'page_id', batch_order: 'asc' })],
          },
          { name: 'Default', steps: [of('batch', 'batch_2', { batch_window: minutes(5), batch_key: 'data.page_id' })] },
        ],
      },
      feed('feed_1', '{{ total_activities }} from {{ actors | map: "name" | join: " and " }}'),
    ],
  },
  // What a batch gathered is handed to another workflow.
  'hand-on': {
    steps: [
      of('batch', 'batch_1', { batch_window: minutes(10), batch_window_type: 'fixed', batch_until_field_path: '' }),
      of(
        'trigger_workflow',
        'trigger_1',
        {
          workflow_key: 'told',
          recipients: '["{{ recipient.id }}"]',
          actor: null,
          tenant: '',
          data: '{"count": {{ total_activities }}, "names": {{ activities | map: "who" | json }}}',
          cancellation_key: null,
        },
        { conditions: { all: [is('run.total_activities', 1, 'greater_than')] } },
      ),
      feed('feed_1', 'Handed on'),
    ],
  },
  told: { steps: [feed('told_1', '{{ count }}: {{ names | join: ", " }}')] },
  // Nested branches, one of which is the end.
  nested: {
    steps: [
      {
        ref: 'plan',
        type: 'branch',
        branches: [
          {
            name: 'Paid',
            conditions: { all: [is('data.plan', ['pro', 'team'], 'contains')] },
            steps: [
              {
                ref: 'region',
                type: 'branch',
                branches: [
                  {
                    name: 'Europe',
                    conditions: { all: [is('recipient.address.country', ['DE', 'FR'], 'contains')] },
                    steps: [feed('feed_eu', 'Europe')],
                    terminates: true,
                  },
                  { name: 'Default', steps: [], terminates: false },
                ],
              },
              feed('feed_paid', 'Paid'),
            ],
          },
          { name: 'Default', steps: [] },
        ],
      },
      feed('feed_end', 'End'),
    ],
  },
  // The e-mail only for those who did not see it in the app.
  'unless-seen': {
    steps: [
      feed('feed_1', 'Look'),
      of('wait_for_event', 'wait_1', {
        event: { event_type: 'message', event_key: 'seen', source_type: 'workflow', source_key: 'unless-seen' },
        match_conditions: [{ operator: 'and', conditions: [is('event.step_ref', 'feed_1')] }],
        expires_after: hours(1),
        on_match: 'halt',
        on_timeout: 'continue',
      }),
      mail('email_1', 'You missed it', {
        conditions: { all: [is('refs.feed_1.status', '$message.seen', 'less_than')] },
      }),
    ],
  },
  // The day before, if that is still to come.
  'day-before': {
    steps: [
      feed('feed_1', 'Booked'),
      of('delay', 'delay_1', { delay_until_field_path: 'data.starts_at', delay_for: { unit: 'days', value: -1 } }),
      feed('feed_2', 'Tomorrow'),
    ],
  },
  // Steps before see what steps after them are told.
  profile: {
    steps: [
      of('update_user', 'update_1', { update_properties: '{"welcomed": true, "seen": {"tour": 1}}' }),
      of('update_data', 'update_2', { data: '{"list": [1, 2, 3], "note": null}' }),
      feed('feed_1', '{{ recipient.welcomed }} {{ recipient.seen.tour }} {{ data.list | size }} {{ data.note }}', {
        conditions: {
          all: [is('recipient.welcomed', 'true'), is('data.list', 2, 'contains'), is('data.note', '', 'empty')],
        },
      }),
    ],
  },
  // A throttle by Liquid key; beyond it nothing more.
  once: {
    steps: [
      of('throttle', 'throttle_1', {
        throttle_key: '{{ data.kind }}-{{ tenant.id }}',
        throttle_limit: 1,
        throttle_window: hours(1),
        throttle_window_field_path: null,
      }),
      feed('feed_1', '{{ data.kind }}'),
    ],
  },
  // Several of one step, the first that may, and one that is held back by its window.
  groups: {
    steps: [
      mail('email_1', 'Both', { channel_key: null, channel_group_key: 'both' }),
      mail('email_2', 'One', { channel_key: '', channel_group_key: 'either' }),
    ],
  },
  office: {
    steps: [
      mail('email_1', 'In office hours', {
        send_windows: ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'].map((day) => ({
          day,
          type: day.startsWith('s') ? 'do_not_send' : 'send',
          from: '10:00:00',
          until: '17:00:00',
        })),
      }),
      feed('feed_1', 'At once'),
    ],
  },
  // The first at once, the rest together.
  leading: {
    steps: [
      of('batch', 'batch_1', {
        batch_execution_mode: 'flush_leading',
        batch_window_type: 'sliding',
        batch_window: minutes(10),
        batch_window_extension_limit: minutes(15),
        batch_items_max_limit: null,
      }),
      feed('feed_1', '{{ total_activities }}'),
    ],
  },
  // A value of a type that the condition does not say.
  odd: {
    steps: [
      feed('number', '1', { conditions: { all: [is('data.count', '10', 'less_than')] } }),
      feed('list', '2', { conditions: { all: [is('data.tags', 'a,b', 'not_contains')] } }),
      feed('path', '3', { conditions: { all: [is('data.owner.id', 'recipient.id', 'not_equal_to')] } }),
      feed('nothing', '4', { conditions: { all: [is('data.none.deep', ''), is('data.none', '', 'not_exists')] } }),
      feed('date', '5', {
        conditions: {
          all: [
            is('data.at', { value: 2, unit: 'days', modifier: 'from_now' }, 'is_timestamp_before'),
            is('data.at', null, 'is_timestamp_on_or_after_now'),
          ],
        },
      }),
    ],
  },
  commercial: {
    categories: ['news'],
    settings: { is_commercial: true, override_preferences: false },
    steps: [mail('email_1', 'News'), feed('feed_1', 'News')],
  },
  typed: {
    trigger_data_json_schema: {
      type: 'object',
      required: ['amount'],
      properties: { amount: { type: 'number', minimum: 1 }, url: { type: 'string', format: 'uri' } },
    },
    steps: [feed('feed_1', '{{ amount }}')],
  },
}

const lives: Record<string, Life[]> = {
  'old-export': [
    {
      timeline: `
        0  T
        0  in_app_feed_1  in-app: Hello Grace
        0  sendgrid_1     email: Hi Grace
        0  C
        0  ${sent('sendgrid_1')}`,
    },
  ],
  'fetch-decides': [
    {
      cancelAt: null,
      answers: { fetch_1: { status: 200, body: { plan: 'pro', seats: 12 }, no_answer: false } },
      timeline: `
        0  T
        0  fetch_1   GET …
        0  fetch_1   answered 200
        0  branch_1  takes Pro
        0  email_1   email: 12 seats
        0  C
        0  ${sent('email_1')}`,
    },
    {
      cancelAt: null,
      answers: { fetch_1: { status: 204, body: null, no_answer: false } },
      timeline: `
        0  T
        0  fetch_1   GET …
        0  fetch_1   answered 204
        0  branch_1  takes Default
        0  feed_1    in-app: Plan none
        0  C`,
    },
  ],
  'batch-by-branch': [
    {
      data: { page_id: 'p1', kind: 'like' },
      trigger: { actor: { id: 'bob', name: 'Bob' } },
      again: { '1h': { actor: { id: 'cy', name: 'Cy' } } },
      timeline: `
        0     T
        0     branch_1  takes Quiet
        0     batch_1   opens until 2h
        1h    trigger   joined
        1h    branch_1  takes Default
        1h    batch_2   joins
        2h    batch_1   closes with 2
        2h    feed_1    in-app: 2 from Bob and Cy
        2h    C
        2h    end       goes on in the batch`,
    },
  ],
  'hand-on': [
    {
      data: { who: 'Ada' },
      again: { '4m': { data: { who: 'Bob' } } },
      timeline: `
        0    T
        0    batch_1       opens until 10m
        4m   trigger       joined
        4m   batch_1       joins
        10m  batch_1       closes with 2
        10m  end           goes on in the batch
        10m  trigger_1     triggers told
        10m  feed_1        in-app: Handed on
        10m  C
        10m  told/told_1   in-app: 2: Ada, Bob
        10m  told/end      completed`,
    },
  ],
  nested: [
    {
      data: { plan: 'pro' },
      recipient: { address: { country: 'DE' } },
      timeline: `
        0  T
        0  plan     takes Paid
        0  region   takes Europe
        0  feed_eu  in-app: Europe
        0  C`,
    },
    {
      data: { plan: 'team' },
      timeline: `
        0  T
        0  plan       takes Paid
        0  region     takes Default
        0  feed_paid  in-app: Paid
        0  feed_end   in-app: End
        0  C`,
    },
  ],
  'unless-seen': [
    {
      timeline: `
        0   T
        0   feed_1   in-app: Look
        0   wait_1   waits for seen until 1h
        1h  wait_1   no seen came
        1h  email_1  email: You missed it
        1h  C
        1h  ${sent('email_1')}`,
    },
  ],
  'day-before': [
    {
      data: { starts_at: '2026-01-07T09:00:00Z' },
      timeline: `
        0   T
        0   feed_1   in-app: Booked
        0   delay_1  waits until 1d
        1d  feed_2   in-app: Tomorrow
        1d  C`,
    },
    {
      cancelAt: null,
      data: { starts_at: '2026-01-05T18:00:00Z' },
      timeline: `
        0  T
        0  feed_1   in-app: Booked
        0  delay_1  skipped: data.starts_at leads to 2026-01-04T18:00:00.000Z, which is past
        0  feed_2   in-app: Tomorrow
        0  C`,
    },
  ],
  profile: [
    {
      cancelAt: null,
      timeline: `
        0  T
        0  update_1  updates …
        0  update_2  data {"list":[1,2,3],"note":null}
        0  feed_1    in-app: true 1 3
        0  C`,
    },
  ],
  once: [
    {
      data: { kind: 'a' },
      cancelAt: null,
      trigger: { tenant: 'acme' },
      again: { '10m': {}, '20m': { data: { kind: 'b' } } },
      timeline: `
        0    T
        0    throttle_1  passes
        0    feed_1      in-app: a
        0    C
        10m  trigger     accepted
        10m  throttle_1  ended here: throttled: …
        20m  trigger     accepted
        20m  throttle_1  passes
        20m  feed_1      in-app: b
        20m  C`,
    },
  ],
  groups: [
    {
      cancelAt: null,
      recipient: { vip: true },
      timeline: `
        0  T
        0  email_1  email: Both
        0  email_1  email: Both
        0  email_2  email: One
        0  C
        0  ${sent('email_1')}
        0  ${sent('email_1')}
        0  ${sent('email_2')}`,
    },
  ],
  office: [
    {
      // A Saturday.
      start: '2026-01-10T09:00:00Z',
      recipient: { timezone: 'Europe/Berlin' },
      cancelAt: '1h',
      takenBack: '1h  email_1  taken back',
      timeline: `
        0   T
        0   email_1  email: In office hours; not before 2d: send window
        0   feed_1   in-app: At once
        0   C
        2d  ${sent('email_1')}`,
    },
  ],
  leading: [
    {
      cancelAt: null,
      again: { '1m': {}, '9m': {}, '20m': {} },
      timeline: `
        0    T
        0    batch_1  passes at once; opens until 10m
        0    feed_1   in-app: 1
        0    C
        1m   trigger  accepted
        1m   batch_1  joins; carries it until 11m
        9m   trigger  joined
        9m   batch_1  joins
        11m  batch_1  waits on until 15m
        15m  batch_1  closes with 2
        15m  feed_1   in-app: 2
        15m  C
        15m  end      goes on in the batch
        20m  trigger  accepted
        20m  batch_1  passes at once; opens until 30m
        20m  feed_1   in-app: 1
        20m  C`,
    },
  ],
  odd: [
    {
      cancelAt: null,
      data: { count: 9, tags: ['a', 'b'], owner: { id: 'other' }, at: '2026-01-06T10:00:00+01:00' },
      timeline: `
        0  T
        0  number   in-app: 1
        0  list     in-app: 2
        0  path     in-app: 3
        0  nothing  in-app: 4
        0  date     in-app: 5
        0  C`,
    },
    {
      cancelAt: null,
      data: { count: 'many', tags: 'x a,b', none: { deep: 0 }, at: 'soon' },
      timeline: `
        0  T
        0  number   skipped: conditions do not hold
        0  list     skipped: conditions do not hold
        0  path     in-app: 3
        0  nothing  skipped: conditions do not hold
        0  date     skipped: conditions do not hold
        0  C`,
    },
  ],
  commercial: [
    {
      cancelAt: null,
      recipient: { preferences: { default: { commercial_subscribed: false } } },
      timeline: `
        0  T
        0  email_1  skipped: preferences of the recipient
        0  feed_1   skipped: preferences of the recipient
        0  C`,
    },
    {
      cancelAt: null,
      recipient: { preferences: { default: { categories: { news: { channel_types: { email: false } } } } } },
      timeline: `
        0  T
        0  email_1  skipped: preferences of the recipient
        0  feed_1   in-app: News
        0  C`,
    },
  ],
  typed: [{ cancelAt: null, data: { amount: 0, url: 'x' }, timeline: `0  trigger  refused: invalid_params` }],
}

const vip = { all: [is('recipient.vip', true)] }
const files = {
  'channels.json': {
    'in-app': { type: 'in_app_feed' },
    'in-app-feed': { type: 'in_app_feed' },
    'knock-email': { type: 'email' },
    sendgrid: { type: 'email' },
    vips: { type: 'email', conditions: vip },
    both: { type: 'email', operator: 'all', channels: ['knock-email', 'vips'] },
    either: { type: 'email', operator: 'any', channels: ['vips', 'sendgrid'] },
  },
  'workflows/old-export/in_app_feed_1/markdown_body.md': '\uFEFFHello {{ recipient.name }}\r\n',
  'workflows/old-export/sendgrid_1/html_body.html': '<p>\r\nHi</p>',
}

test('workflow files as teams write them load and live as they say', async (t) => {
  const own = Object.entries(workflows).map(([key, workflow]): [string, string] => {
    const text = JSON.stringify({ name: key, ...workflow }, null, 2)
    return [`workflows/${key}/workflow.json`, key === 'old-export' ? `\uFEFF${text.replaceAll('\n', '\r\n')}` : text]
  })
  const catalog = await readFolder(notificationsFolder({ ...files, ...Object.fromEntries(own) }))
  assert.deepEqual(catalog.problems ?? [], [])
  const store = await testPglite()
  await store.migrate()
  t.after(() => store.close())
  for (const [key, all] of Object.entries(lives)) {
    for (const [index, life] of all.entries())
      await t.test(`${key}, ${index + 1}`, () => holdsLife(store, catalog, key, life))
  }
})
