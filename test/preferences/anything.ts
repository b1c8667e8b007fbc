import fc from 'fast-check'
import type { PreferenceSet } from '../../preferences/preference-set.ts'

export const channelId = '8209f26c-62a5-461d-95e2-a5716a26e652'

const condition = fc.constantFrom(
  { variable: 'data.a', operator: 'equal_to', argument: 'true' },
  { variable: 'recipient.muted', operator: 'not_contains', argument: 'data.a' },
)
const value = fc.oneof(fc.boolean(), fc.record({ conditions: fc.array(condition, { maxLength: 2 }) }))
const channels = fc.dictionary(fc.constant(channelId), value)
const channelTypes = fc.dictionary(fc.constantFrom('email', 'sms'), value)
const workflow = fc.oneof(
  fc.boolean(),
  fc.record(
    {
      conditions: fc.array(condition, { maxLength: 2 }),
      channel_types: channelTypes,
      channels,
      __strategy__: fc.constantFrom('replace' as const, 'merge' as const),
    },
    { requiredKeys: [] },
  ),
)
const workflows = fc.dictionary(fc.constantFrom('a', 'b'), workflow)

/** Preference sets of few names, so that they meet. */
export const anySet: fc.Arbitrary<PreferenceSet> = fc
  .record(
    {
      channel_types: channelTypes,
      channels,
      workflows,
      categories: workflows,
      commercial_subscribed: fc.boolean(),
    },
    { requiredKeys: [] },
  )
  // Plain objects, as JSON gives them.
  .map((set) => JSON.parse(JSON.stringify(set)) as PreferenceSet)
