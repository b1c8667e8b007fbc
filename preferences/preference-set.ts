import type { Json } from '../conditions/conditions.ts'

/** What a channel, channel type, workflow or category is set to: yes, no, or yes while all conditions hold. */
export type PreferenceValue = boolean | { conditions: Json[] }

/** What a workflow or a category is set to: all that is given must allow it. */
export type WorkflowPreference =
  | boolean
  | {
      conditions?: Json[]
      channel_types?: Record<string, PreferenceValue>
      channels?: Record<string, PreferenceValue>
      /** `replace`: this wins over what the recipient, or the tenant, has set. */
      __strategy__?: 'replace' | 'merge'
    }

/** A preference set as Knock has it, and as it is stored. */
export interface PreferenceSet {
  channel_types?: Record<string, PreferenceValue>
  /** By the channel's UUID. */
  channels?: Record<string, PreferenceValue>
  workflows?: Record<string, WorkflowPreference>
  categories?: Record<string, WorkflowPreference>
  /** False: nothing commercial. */
  commercial_subscribed?: PreferenceValue
}

/** A set as it is to be stored: in place of what is stored, or laid over it. */
export interface PreferenceWrite {
  strategy: 'replace' | 'merge'
  set: PreferenceSet
}
