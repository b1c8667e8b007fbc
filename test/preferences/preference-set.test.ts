import assert from 'node:assert/strict'
import { test } from 'node:test'
import { preferenceSetRequest, preferenceSetSchema, storedPreferenceSet } from '../../preferences/preference-schema.ts'

const channelId = '8209f26c-62a5-461d-95e2-a5716a26e652'
const problems = (given: unknown) =>
  (preferenceSetSchema.safeParse(given).error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`)

test('a preference set of Knock is read as it is, without what it does not know', () => {
  const set = {
    channel_types: { email: true, sms: { conditions: [{ variable: 'data.a', operator: 'exists' }] } },
    channels: { [channelId]: false },
    workflows: {
      'new-comment': { channel_types: { email: false }, __strategy__: 'replace' },
      'dinosaurs-loose': {
        conditions: [{ variable: 'recipient.muted_dinos', operator: 'not_contains', argument: 'data.dino' }],
      },
    },
    categories: { admin: false },
    commercial_subscribed: true,
  }
  assert.deepEqual(preferenceSetSchema.parse({ id: 'default', __typename: 'PreferenceSet', ...set }), set)
})

test('null and absent parts are none, and a null entry is left out', () => {
  assert.deepEqual(preferenceSetSchema.parse({}), {})
  assert.deepEqual(
    preferenceSetSchema.parse({
      channel_types: null,
      channels: {},
      workflows: { a: null, b: { channel_types: { email: null }, conditions: null } },
      commercial_subscribed: null,
    }),
    { workflows: { b: {} } },
  )
})

test('an unknown channel type, a value that is none and a condition that cannot be used are refused by place', () => {
  assert.match(problems({ channel_types: { pigeon: true } }).join(), /channel_types\.pigeon: .*must be one of email/)
  assert.match(problems({ categories: { a: 'no' } }).join(), /categories\.a: must be true, false, or an object/)
  assert.match(problems({ channels: { postmark: true } }).join(), /named by its id, a UUID/)
  const set = { channel_types: { email: { conditions: [{ variable: 'refs.a.status', operator: 'exists' }] } } }
  assert.match(
    problems(set).join(),
    /^channel_types\.email\.conditions\.0\.variable: refs is not there for the conditions of a preference/,
  )
  assert.match(problems([]).join(), /expected object/)
})

test('an argument that is no Liquid, or reads what a preference does not know, is refused by place', () => {
  const asked = (argument: string) =>
    problems({ workflows: { w: { conditions: [{ variable: 'recipient.plan', operator: 'equal_to', argument }] } } })
  const place = /^workflows\.w\.conditions\.0\.argument: /
  for (const [argument, message] of [
    ['{{ data.plan', /is not a Liquid template: /],
    ['{{ data.plan | nosuchfilter }}', /is not a Liquid template: /],
    ['{{ refs.email_1.status }}', /refs is not there for the conditions of a preference/],
    ["{% render 'plan', name: event.plan %}", /event is not there for the conditions of a preference/],
    ['{% if event.plan == 1 %}a{% endif %}', /event is not there for the conditions of a preference/],
  ] as const) {
    const told = asked(argument)
    assert.equal(told.length, 1, argument)
    assert.match(told[0]!, place)
    assert.match(told[0]!, message)
  }
  for (const argument of [
    '{{ data.plan }}',
    '{{ data.event.refs }}',
    '{% for event in data.all %}{{ event.a }}{% endfor %}',
  ])
    assert.deepEqual(asked(argument), [], argument)
})

test('a request says whether it replaces what is stored, which it does by default, or is merged into it', () => {
  assert.deepEqual(preferenceSetRequest.parse({ categories: { a: true } }), {
    strategy: 'replace',
    set: { categories: { a: true } },
  })
  assert.deepEqual(preferenceSetRequest.parse({ __persistence_strategy__: 'merge' }), { strategy: 'merge', set: {} })
  assert.equal(preferenceSetRequest.safeParse({ __persistence_strategy__: 'append' }).success, false)
})

test('of a stored set all counts that can be read, however many entries and whatever stands beside them', () => {
  const many = Object.fromEntries(Array.from({ length: 1_200 }, (_, n) => [`w${n}`, n !== 700]))
  assert.deepEqual(storedPreferenceSet.parse({ workflows: many }), { workflows: many })
  const stored = {
    channel_types: { pigeon: false, email: false, sms: 'no' },
    channels: { postmark: true },
    workflows: {
      a: { channel_types: { email: false, push: 7 }, __strategy__: 'odd', conditions: 'none' },
      b: false,
      c: 3,
    },
    categories: 'all',
    commercial_subscribed: 'yes',
  }
  assert.deepEqual(storedPreferenceSet.parse(stored), {
    channel_types: { pigeon: false, email: false },
    channels: { postmark: true },
    // Conditions that are no list are kept as some that hold back.
    workflows: { a: { channel_types: { email: false }, __strategy__: 'merge', conditions: [null] }, b: false },
  })
  for (const none of [7, 'text', [], null]) assert.equal(storedPreferenceSet.safeParse(none).success, false)
})
