import type { JsonObject } from '../store/schema/index.ts'

/** One line of a timeline. */
export interface Entry {
  /** Epoch milliseconds by the rehearsal's clock. */
  at: number
  /** The workflow that it is about; a rehearsed one may trigger others. */
  workflow: string
  recipient: string | null
  /** Ref of a step; or `trigger`, `cancel`, `end` and what else happens to a run. */
  label: string
  /** What happened, on one line. */
  text: string
  /** Why: what was compared with what, what a verdict says of each recipient. */
  why: string[]
  /** What belongs to it: a message's content, a verdict, how conditions came out. */
  data?: JsonObject
  /** The API would have refused what came from outside. Absent: no. */
  isRefused?: true
}
