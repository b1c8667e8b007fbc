import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'node:test'
import { mergePreferences, storePreferences } from '../../preferences/merge.ts'
import type { PreferenceSet } from '../../preferences/preference-set.ts'
import { anySet } from './anything.ts'

const merge = { strategy: 'merge' } as const
const plain = (set: PreferenceSet) => JSON.parse(JSON.stringify(set)) as unknown

test("without a tenant the recipient's default lies over the environment's, entry by entry", () => {
  const environment: PreferenceSet = {
    channel_types: { sms: false },
    categories: { collaboration: { channel_types: { email: true } }, news: false },
  }
  const recipient: PreferenceSet = {
    channel_types: { sms: true, push: false },
    categories: { collaboration: { channel_types: { email: false, push: true } } },
  }
  assert.deepEqual(mergePreferences({ environment, recipient }), {
    channel_types: { sms: true, push: false },
    categories: { collaboration: { channel_types: { email: false, push: true } }, news: false },
  })
  assert.deepEqual(mergePreferences({ environment }), environment)
  assert.deepEqual(mergePreferences({}), {})
})

test('a workflow of one layer keeps what the other says of channels and of types of them', () => {
  const [one, two] = ['00000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-000000000002']
  const environment: PreferenceSet = {
    channels: { [one]: false },
    workflows: { welcome: { channels: { [one]: false, [two]: false }, channel_types: { sms: false } } },
  }
  const recipient: PreferenceSet = {
    channels: { [two]: false },
    workflows: { welcome: { channels: { [two]: true }, channel_types: { push: false } } },
  }
  assert.deepEqual(mergePreferences({ environment, recipient }), {
    channels: { [one]: false, [two]: false },
    workflows: { welcome: { channels: { [one]: false, [two]: true }, channel_types: { sms: false, push: false } } },
  })
})

test("with a tenant the recipient's for it lies over the tenant's over the environment's; their default is not asked", () => {
  const sets = {
    environment: { channel_types: { sms: false, email: true, push: true } },
    recipient: { channel_types: { email: false }, categories: { a: false } },
    tenant: { channel_types: { email: true, push: false } },
    recipientForTenant: { channel_types: { push: true } },
  } satisfies Record<string, PreferenceSet>
  assert.deepEqual(mergePreferences(sets), { channel_types: { sms: false, email: true, push: true } })
})

test("with a tenant for which nobody has set anything, the recipient's default counts", () => {
  const recipient = { categories: { a: false } }
  assert.deepEqual(mergePreferences({ recipient, tenant: null, recipientForTenant: {} }), recipient)
})

test('__strategy__ replace lets the lower set win that one preference', () => {
  const tenant: PreferenceSet = {
    categories: {
      collaboration: { __strategy__: 'replace', channel_types: { email: false } },
      'project-updates': { channel_types: { email: false } },
    },
  }
  const recipientForTenant: PreferenceSet = {
    categories: {
      collaboration: { channel_types: { email: true, sms: true } },
      'project-updates': { channel_types: { email: true } },
    },
  }
  assert.deepEqual(mergePreferences({ tenant, recipientForTenant }), {
    categories: {
      collaboration: { __strategy__: 'replace', channel_types: { email: false } },
      'project-updates': { channel_types: { email: true } },
    },
  })
})

test('a yes or no over settings by channel, and the reverse, replaces them', () => {
  const nested = { workflows: { w: { channel_types: { email: true } } } }
  assert.deepEqual(mergePreferences({ environment: nested, recipient: { workflows: { w: false } } }), {
    workflows: { w: false },
  })
  assert.deepEqual(mergePreferences({ environment: { workflows: { w: false } }, recipient: nested }), nested)
})

test('who unsubscribed from what is commercial in their default stays so for every tenant', () => {
  const merged = (recipient: boolean | undefined, forTenant: boolean | undefined, tenant: boolean) =>
    mergePreferences({
      recipient: { ...(recipient !== undefined && { commercial_subscribed: recipient }) },
      tenant: { commercial_subscribed: tenant },
      recipientForTenant: { ...(forTenant !== undefined && { commercial_subscribed: forTenant }) },
    }).commercial_subscribed
  assert.equal(merged(false, undefined, true), false)
  assert.equal(merged(false, true, true), false)
  assert.equal(merged(true, undefined, false), true)
  assert.equal(merged(true, false, true), false)
  assert.equal(merged(undefined, undefined, false), false)
})

test('a stored set is replaced, or merged into where the request says so', () => {
  const stored: PreferenceSet = { categories: { a: { channel_types: { email: true, in_app_feed: true } } } }
  const set: PreferenceSet = { categories: { a: { channel_types: { email: false } } } }
  assert.deepEqual(storePreferences(stored, { strategy: 'replace', set }), set)
  assert.deepEqual(storePreferences(stored, { ...merge, set }), {
    categories: { a: { channel_types: { email: false, in_app_feed: true } } },
  })
  assert.deepEqual(storePreferences(null, { ...merge, set }), set)
})

test('a stored preference of __strategy__ replace does not keep a later one from being stored', () => {
  const stored: PreferenceSet = { workflows: { w: { __strategy__: 'replace', channel_types: { email: false } } } }
  const set: PreferenceSet = { workflows: { w: true } }
  assert.deepEqual(storePreferences(stored, { ...merge, set }), set)
})

test('merging is idempotent, changes nothing it was given, and nothing over a set is the set', () => {
  fc.assert(
    fc.property(anySet, anySet, (stored, set) => {
      const before = plain(stored)
      const once = storePreferences(stored, { ...merge, set })
      assert.deepEqual(storePreferences(once, { ...merge, set }), once)
      assert.deepEqual(storePreferences(stored, { ...merge, set: {} }), stored)
      assert.deepEqual(plain(stored), before)
      const merged = mergePreferences({ environment: stored, recipient: set })
      assert.deepEqual(mergePreferences({ environment: merged, recipient: set }), merged)
      assert.deepEqual(mergePreferences({ recipient: set }), set)
      assert.deepEqual(plain(stored), before)
    }),
  )
})
