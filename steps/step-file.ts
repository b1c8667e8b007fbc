import { z } from 'zod'
import type { ConditionGroup } from '../conditions/conditions.ts'
import type { ChannelType } from '../definitions/channel-types.ts'
import type { ChannelGroup, ChannelReference, Step, StepType } from '../definitions/step.ts'
import { conditions, ignored } from '../definitions/fields.ts'
import type { Remark } from '../definitions/problem.ts'
import type { JsonPath } from '../definitions/source.ts'

/** What a step of any kind has in a workflow file. */
export const stepFields = {
  ref: z.string().regex(/^[A-Za-z0-9_-]{1,255}$/, 'must be 1 to 255 letters, digits, _ or -'),
  name: z
    .string()
    .nullish()
    .transform((name) => (name ? name : null)),
  description: ignored,
  conditions,
}

/** A step of any kind as it was read from a file, before it has its place in the graph. */
export interface ReadStep {
  type: StepType
  ref: string
  /** Must hold, or the step is skipped. Null: none. */
  conditions: ConditionGroup | null
  /** What of it says nothing where it stands. Absent: nothing. */
  idle?: readonly Remark[]
  /** Steps within it, in the order in which they are asked for. */
  branches?: readonly ReadBranch[]
  /** The field of the file that holds its branches. */
  branchesField?: string
}

export interface ReadBranch {
  /** Its place in the file. */
  place: number
  /** The walk is over at its end, instead of going on below. */
  terminates: boolean
  steps: readonly ReadStep[]
}

/** Where a step stands in the graph, and what may be asked of the rest of the folder. */
export interface StepPlace {
  /** Index of the step that follows; null: the end. */
  next: number | null
  /** By branch: the index of its first step, or where it goes on. */
  targets: readonly (number | null)[]
  /** The channel of this type that a step names; a text says why there is none. */
  channelOf: (type: ChannelType, key: string | null) => ChannelReference | string
  /** The group of channels of this type under a key; null: there is none. A text says what is wrong with it. */
  groupOf: (type: ChannelType, key: string) => ChannelGroup | string | null
  /** Reports what cannot be, at a path within the step. */
  add: (at: JsonPath, message: string) => void
  /** Reports what says nothing where it stands. */
  warn: (at: JsonPath, message: string) => void
}

/** One kind of step as workflow.json has it. */
export interface StepFile<S extends Step, Read extends ReadStep = ReadStep> {
  /** `steps` is the schema of the steps within it. Its output is discriminated by `type`. */
  schema(steps: z.ZodType<ReadStep[]>): z.ZodType<Read>
  /** Its conditions are compiled, and its idle fields told, as those of any step. */
  compile(read: Unconditional<Read>, place: StepPlace): S
}

export type Unconditional<Read extends ReadStep> = Omit<Read, 'conditions' | 'idle'>

/** What is not there leaves no trace in a definition: its version stays what it was. */
export function holding(conditions: ConditionGroup | null): { conditions?: ConditionGroup } {
  return conditions === null ? {} : { conditions }
}
