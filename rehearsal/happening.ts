import type { JsonObject } from '../store/schema/index.ts'
import type { EngagementAction } from '../store/messages/engagement.ts'

/** What comes to a workflow from outside, `after` milliseconds from the beginning of its rehearsal. */
export type Happening = { after: number } & (
  | { kind: 'trigger'; body: JsonObject }
  /** Everyone under the key, or these recipients. */
  | { kind: 'cancel'; recipients?: string[] }
  /** All messages that there are by then, or those of one step. */
  | { kind: 'engage'; action: EngagementAction; step: string | null }
  /** An event of the caller's own. */
  | { kind: 'event'; event: string; data: JsonObject }
  | { kind: 'update_user'; id: string; properties: JsonObject }
)
