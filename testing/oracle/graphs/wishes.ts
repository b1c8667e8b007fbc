import type { PreferenceSet } from '../../../preferences/preference-set.ts'
import type { Over } from './nodes.ts'

/** What a recipient may wish for: a preference set that they have from then on. */
export const wishes = ['all', 'no mail', 'no feed', 'mail of kind a'] as const
export type Wish = (typeof wishes)[number]

export const preferenceSets: Record<Wish, PreferenceSet> = {
  all: {},
  'no mail': { channel_types: { email: false } },
  'no feed': { channel_types: { in_app_feed: false } },
  'mail of kind a': {
    channel_types: { email: { conditions: [{ variable: 'data.kind', operator: 'equal_to', argument: 'a' }] } },
  },
}

/** A channel, and what is expected of it. */
export interface Expected {
  type: 'in_app_feed' | 'email' | 'sms' | 'push' | 'chat'
  /** Its conditions ask for `shared`. */
  isSpare?: true
}

const main: Expected = { type: 'email' }
const spare: Expected = { type: 'email', isSpare: true }

/** The channels over which a step sends; `any`: only the first that may. */
export const channelsOver: Record<Over, { of: Expected[]; any?: true }> = {
  feed: { of: [{ type: 'in_app_feed' }] },
  main: { of: [main] },
  spare: { of: [spare] },
  text: { of: [{ type: 'sms' }] },
  push: { of: [{ type: 'push' }] },
  chat: { of: [{ type: 'chat' }] },
  both: { of: [main, spare] },
  either: { of: [spare, main], any: true },
}

/** Whether a wish lets a channel send; null: that depends on what is not known. */
export function allows(wish: Wish, { type }: Expected, kind: 'a' | 'b' | null): boolean | null {
  if (type === 'in_app_feed') return wish !== 'no feed'
  if (type !== 'email' || wish === 'all' || wish === 'no feed') return true
  if (wish === 'no mail') return false
  return kind === null ? null : kind === 'a'
}
