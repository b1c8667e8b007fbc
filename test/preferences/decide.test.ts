import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'node:test'
import type { ConditionScope } from '../../conditions/evaluate.ts'
import { decidePreferences, type PreferenceQuestion } from '../../preferences/decide.ts'
import type { PreferenceSet } from '../../preferences/preference-set.ts'
import { anySet, channelId } from './anything.ts'

const question: PreferenceQuestion = {
  workflow: 'w',
  categories: ['news', 'admin'],
  channelId,
  channelType: 'email',
  isCommercial: false,
  overridePreferences: false,
}
const decide = (set: PreferenceSet, more: Partial<PreferenceQuestion> = {}, scope: ConditionScope = {}) =>
  decidePreferences(set, { ...question, ...more }, scope, { now: 0 })
const blockedBy = (set: PreferenceSet, more: Partial<PreferenceQuestion> = {}, scope: ConditionScope = {}) => {
  const { allowed, blockedBy: rule } = decide(set, more, scope)
  assert.equal(allowed, rule === null)
  return rule
}

test('without a preference a step may send', () => {
  assert.deepEqual(decide({}), { allowed: true, blockedBy: null, rules: [] })
  assert.equal(
    blockedBy({ channel_types: { sms: false }, workflows: { other: false }, categories: { other: false } }),
    null,
  )
})

test('any of the preferences that apply blocks, and is named', () => {
  assert.equal(blockedBy({ channel_types: { email: false } }), 'channel_types.email')
  assert.equal(blockedBy({ channels: { [channelId]: false } }), `channels.${channelId}`)
  assert.equal(blockedBy({ workflows: { w: false } }), 'workflows.w')
  assert.equal(blockedBy({ categories: { admin: false } }), 'categories.admin')
  assert.equal(blockedBy({ workflows: { w: { channel_types: { email: false } } } }), 'workflows.w.channel_types.email')
  assert.equal(
    blockedBy({ categories: { news: { channels: { [channelId]: false } } } }),
    `categories.news.channels.${channelId}`,
  )
})

test('a false category blocks although the channel type and the workflow are true', () => {
  const set = { channel_types: { email: true }, workflows: { w: true }, categories: { news: true, admin: false } }
  assert.deepEqual(decide(set), {
    allowed: false,
    blockedBy: 'categories.admin',
    rules: [
      { rule: 'categories.admin', allowed: false },
      { rule: 'channel_types.email', allowed: true },
      { rule: 'workflows.w', allowed: true },
      { rule: 'categories.news', allowed: true },
    ],
  })
})

test('a channel beats its type in the same place', () => {
  assert.equal(blockedBy({ channel_types: { email: false }, channels: { [channelId]: true } }), null)
  assert.equal(blockedBy({ channel_types: { email: true }, channels: { [channelId]: false } }), `channels.${channelId}`)
  assert.equal(
    blockedBy({ workflows: { w: { channel_types: { email: false }, channels: { [channelId]: true } } } }),
    null,
  )
})

test('conditions are evaluated where they stand, all of a list, with their explanation', () => {
  const muted = { conditions: [{ variable: 'recipient.muted', operator: 'not_contains', argument: 'data.dino' }] }
  const scope = { recipient: { muted: ['rex'] }, data: { dino: 'rex' } }
  for (const [set, rule] of [
    [{ channel_types: { email: muted } }, 'channel_types.email'],
    [{ workflows: { w: muted } }, 'workflows.w'],
    [{ workflows: { w: { channel_types: { email: muted } } } }, 'workflows.w.channel_types.email'],
    [{ categories: { news: muted } }, 'categories.news'],
    [{ categories: { news: { channel_types: { email: muted } } } }, 'categories.news.channel_types.email'],
    [{ channels: { [channelId]: muted } }, `channels.${channelId}`],
  ] as const) {
    assert.equal(blockedBy(set, {}, scope), rule)
    assert.equal(blockedBy(set, {}, { ...scope, data: { dino: 'ptero' } }), null)
  }
  const [rule] = decide({ workflows: { w: muted } }, {}, scope).rules
  assert.deepEqual(rule, {
    rule: 'workflows.w',
    allowed: false,
    conditions: {
      match: 'all',
      result: false,
      conditions: [
        {
          variable: 'recipient.muted',
          operator: 'not_contains',
          argument: 'data.dino',
          value: ['rex'],
          compared_with: 'rex',
          result: false,
        },
      ],
    },
  })
  assert.equal(blockedBy({ workflows: { w: { conditions: [] } } }), null)
})

test('a condition that cannot be used holds back rather than letting through', () => {
  assert.equal(blockedBy({ workflows: { w: { conditions: [{ variable: 'x' }] } } }), 'workflows.w')
})

test('who is not subscribed to what is commercial gets nothing commercial, and all else', () => {
  assert.equal(blockedBy({ commercial_subscribed: false }, { isCommercial: true }), 'commercial_subscribed')
  assert.equal(blockedBy({ commercial_subscribed: false }), null)
  assert.equal(blockedBy({ commercial_subscribed: true }, { isCommercial: true }), null)
})

test('a workflow that overrides preferences asks none', () => {
  const set = { channel_types: { email: false }, commercial_subscribed: false }
  assert.deepEqual(decide(set, { overridePreferences: true, isCommercial: true }), {
    allowed: true,
    blockedBy: null,
    rules: [],
  })
})

test('what is shown is bounded', () => {
  const names = Array.from({ length: 80 }, (_, index) => `c${index}`)
  const { rules, omitted, allowed } = decide(
    { categories: Object.fromEntries(names.map((name) => [name, name !== 'c79'])) },
    { categories: names },
  )
  assert.equal(allowed, false)
  assert.equal(rules.length, 50)
  assert.equal(rules[0]!.rule, 'categories.c79')
  assert.equal(omitted, 30)
})

test('a decision never throws, and is no exactly if a rule that applied blocked', () => {
  fc.assert(
    fc.property(anySet, fc.jsonValue(), fc.boolean(), (set, data, isCommercial) => {
      const decision = decide(set, { workflow: 'a', categories: ['a', 'b'], isCommercial }, { data, recipient: data })
      assert.equal(
        decision.allowed,
        decision.rules.every((rule) => rule.allowed),
      )
      assert.equal(decision.blockedBy, decision.rules.find((rule) => !rule.allowed)?.rule ?? null)
    }),
  )
})
