import type { Alternative, Node, NodeOf, NodeType, Over, When } from './nodes.ts'

/** The workflow that steps trigger. */
export const CHILD = 'child'
/** What activities of a message are told by: their ids, with spaces between. */
const LIST = '{% for a in activities %}{{ a.id }} {% endfor %}'
/** The same as a url has it. */
const URL_LIST = '{% for a in activities %}{{ a.id }}%20{% endfor %}'
const duration = (minutes: number) => ({ unit: 'minutes', value: minutes })

const is = (variable: string, argument: unknown) => ({ all: [{ variable, operator: 'equal_to', argument }] })
const conditionsOf: Record<When, object | null> = {
  always: null,
  shared: is('data.shared', true),
  'not shared': is('data.shared', false),
  'kind a': is('data.kind', 'a'),
  'kind b': is('data.kind', 'b'),
}

const events = {
  paid: { event_type: 'event', event_key: 'paid' },
  updated: { event_type: 'recipient', event_key: 'updated' },
  child: { event_type: 'workflow', event_key: 'completed', source_key: CHILD },
  seen: { event_type: 'message', event_key: 'seen' },
}

const ofKind = {
  a: { operator: 'and', conditions: [{ variable: 'event.kind', operator: 'equal_to', argument: 'a' }] },
  own: { operator: 'and', conditions: [{ variable: 'event.kind', operator: 'equal_to', argument: 'data.kind' }] },
}

const days = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday']
const atNoon = days.map((day) => ({ day, type: 'send', from: '12:00:00', until: '13:00:00' }))
const noon = { frequency: 'daily', hours: 12, minutes: 0 }

/** Where fetches are answered. */
export interface Place {
  url: string
}

type Written = Record<string, unknown>

/** How a file writes each kind: one that is missing here does not compile. */
const kinds: { readonly [Type in NodeType]: (node: NodeOf<Type>, place: Place) => Written } = {
  batch: ({ minutes, sliding, items, leading, byKind, latest }) => ({
    settings: {
      batch_window: duration(minutes),
      batch_items_render_limit: 100,
      ...(sliding !== null && { batch_window_type: 'sliding' }),
      ...(sliding?.limit != null && { batch_window_extension_limit: duration(sliding.limit) }),
      ...(items !== null && { batch_items_max_limit: items }),
      ...(leading && { batch_execution_mode: 'flush_leading' }),
      ...(byKind && { batch_key: 'data.kind' }),
      ...(latest && { workflow_version_mode: 'latest' }),
    },
  }),
  branch: ({ ways, standard }, place) => ({
    branches: [
      ...ways.map((way, index) => ({
        ...wayOf(way, place),
        name: String(index),
        conditions: conditionsOf[way.when],
      })),
      { ...wayOf(standard, place), name: 'default' },
    ],
  }),
  channel: ({ over, atNoon: waits }) => ({
    ...(over === 'feed'
      ? { channel_type: 'in_app_feed', template: { markdown_body: LIST } }
      : {
          [over === 'both' || over === 'either' ? 'channel_group_key' : 'channel_key']: over,
          ...templates[over],
        }),
    ...(waits && { send_windows: atNoon }),
  }),
  delay: ({ how }) => ({
    settings:
      how === 'noon'
        ? { delay_for: noon }
        : typeof how === 'object'
          ? { delay_for: duration(how.minutes) }
          : { delay_until_field_path: 'data.due_at', ...(how === 'before' && { delay_for: duration(-20) }) },
  }),
  http_fetch: ({ ref, answer }, { url }) => ({
    settings: { method: 'get', url: `${url}/${answer}/${ref}?of=${URL_LIST}` },
  }),
  random_cohort: ({ cohorts }, place) => ({
    cohort_branches: cohorts.map((cohort, index) => ({
      ...wayOf(cohort, place),
      name: String(index),
      percentage: String(cohort.percent),
    })),
  }),
  throttle: ({ limit, minutes, byKind }) => ({
    settings: {
      throttle_limit: limit,
      throttle_window: duration(minutes),
      ...(byKind && { throttle_key: 'data.kind' }),
    },
  }),
  trigger_workflow: () => ({ settings: { workflow_key: CHILD } }),
  update_data: ({ kind }) => ({ settings: { data: JSON.stringify({ kind }) } }),
  update_object: ({ ref }) => profile(ref, 'gid://Object/things/{{ recipient.id }}'),
  update_tenant: ({ ref }) => profile(ref, 'gid://Object/$tenants/{{ recipient.id }}'),
  update_user: ({ ref }) => profile(ref, null),
  wait_for_event: ({ event, matches, minutes, lookBack, haltsOnMatch, haltsOnTimeout }) => ({
    settings: {
      event: events[event],
      ...(matches !== null && event === 'paid' && { match_conditions: [ofKind[matches]] }),
      expires_after: duration(minutes),
      on_match: haltsOnMatch ? 'halt' : 'continue',
      on_timeout: haltsOnTimeout ? 'halt' : 'continue',
      ...(lookBack !== null && event === 'paid' && { look_back: duration(lookBack) }),
    },
  }),
}

const email = { channel_type: 'email', template: { subject: LIST, html_body: '<p>Hello</p>' } }
const templates: Record<Exclude<Over, 'feed'>, object> = {
  main: email,
  spare: email,
  both: email,
  either: email,
  text: { channel_type: 'sms', template: { text_body: LIST } },
  push: { channel_type: 'push', template: { title: 'Hello', text_body: LIST } },
  chat: { channel_type: 'chat', template: { markdown_body: LIST } },
}

const profile = (ref: string, gid: string | null) => ({
  settings: {
    recipient_mode: gid === null ? 'current' : 'reference',
    ...(gid !== null && { recipient_gid: gid }),
    update_properties: JSON.stringify({ [ref]: true }),
  },
})

const wayOf = ({ steps, terminates }: Alternative, place: Place) => ({ steps: stepsOf(steps, place), terminates })

function stepsOf(nodes: readonly Node[], place: Place): Written[] {
  return nodes.map((node) => {
    const write = kinds[node.type] as (node: Node, place: Place) => Written
    const conditions = conditionsOf[node.when]
    return { ref: node.ref, type: node.type, ...(conditions !== null && { conditions }), ...write(node, place) }
  })
}

/** A definition as a file has it. */
export function written(nodes: readonly Node[], place: Place): object {
  return { steps: stepsOf(nodes, place) }
}

/** What stands beside the definitions: channels, of which the spare one is used where `shared` holds, and their groups. */
export const channels = {
  main: { type: 'email' },
  spare: { type: 'email', conditions: conditionsOf.shared },
  text: {
    type: 'sms',
    provider: 'twilio',
    settings: { account_sid: `AC${'0'.repeat(32)}`, auth_token: 'x', from: '+14155550100' },
  },
  push: { type: 'push', provider: 'expo' },
  chat: { type: 'chat', provider: 'discord' },
  both: { type: 'email', operator: 'all', channels: ['main', 'spare'] },
  either: { type: 'email', operator: 'any', channels: ['spare', 'main'] },
}
