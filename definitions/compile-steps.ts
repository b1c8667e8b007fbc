import type { ConditionGroup } from '../conditions/conditions.ts'
import type { Channel } from './catalog.ts'
import { channelOf } from './channels-file.ts'
import type { Step } from './definition.ts'
import type { JsonPath } from './source.ts'
import type { StepFile } from './workflow-file.ts'

const MOST_STEPS = 100
const DEEPEST = 5

/** A step of a workflow file, with its place in the file. */
export interface PlacedStep {
  step: Step
  at: JsonPath
}

interface Context {
  channels: readonly Channel[]
  add: (at: JsonPath, message: string) => void
  placed: PlacedStep[]
}

type Nested = Extract<StepFile, { branches: unknown }>

/**
 * The steps of a workflow file as one flat list: a step stands before the steps of its branches, and these before the
 * step after it, so that each goes on to later ones only. `add` is told of what cannot be.
 */
export function compileSteps(
  files: readonly StepFile[],
  channels: readonly Channel[],
  add: (at: JsonPath, message: string) => void,
): PlacedStep[] {
  if (sizeOf(files) > MOST_STEPS)
    add(['steps'], `a definition has at most ${MOST_STEPS} steps, those in branches included`)
  const placed: PlacedStep[] = []
  layOut(files, { at: ['steps'], after: null, depth: 0 }, { channels, add, placed })
  return placed
}

interface Place {
  at: JsonPath
  /** Where the last of them goes on. */
  after: number | null
  depth: number
}

/** Lays a list of steps out from the end of `placed` on. */
function layOut(files: readonly StepFile[], { at, after, depth }: Place, context: Context): void {
  files.forEach((file, index) => {
    const here = [...at, index]
    const next = index === files.length - 1 ? after : context.placed.length + sizeOf([file])
    if (!isNested(file)) {
      context.placed.push({ step: compile(file, next, here, context), at: here })
      return
    }
    if (depth === DEEPEST) context.add(here, `is nested deeper than ${DEEPEST} branches`)
    let first = context.placed.length + 1
    const targets = file.branches.map(({ steps, terminates }) => {
      const joined = terminates ? null : next
      const target = steps.length === 0 ? joined : first
      first += sizeOf(steps)
      return target
    })
    context.placed.push({ step: junction(file, targets, next), at: here })
    const list = file.type === 'branch' ? 'branches' : 'cohort_branches'
    file.branches.forEach(({ steps, terminates, place }) => {
      const inner = { at: [...here, list, place, 'steps'], after: terminates ? null : next, depth: depth + 1 }
      layOut(steps, inner, context)
    })
  })
}

const isNested = (file: StepFile): file is Nested => 'branches' in file

function sizeOf(files: readonly StepFile[]): number {
  return files.reduce((sum, file) => {
    const inner = isNested(file) ? file.branches.reduce((total, { steps }) => total + sizeOf(steps), 0) : 0
    return sum + 1 + inner
  }, 0)
}

function junction(file: Nested, targets: readonly (number | null)[], next: number | null): Step {
  const { ref, name } = file
  if (file.type === 'branch') {
    const branches = file.branches.map((each, index) => {
      return { name: each.name, ...holding(each.conditions), to: targets[index] ?? null }
    })
    return { type: file.type, ref, name, branches, next }
  }
  const cohorts = file.branches.map((each, index) => ({
    name: each.name,
    share: each.share,
    to: targets[index] ?? null,
  }))
  return { type: file.type, ref, name, cohortKey: file.cohortKey, cohorts, next }
}

function compile(file: Exclude<StepFile, Nested>, next: number | null, at: JsonPath, { channels, add }: Context): Step {
  if (file.type === 'delay') {
    const { conditions, window, ...rest } = file
    return { ...rest, ...holding(conditions), ...(window !== null && { window }), next }
  }
  if (file.type !== 'channel') {
    const { conditions, ...rest } = file
    return { ...rest, ...holding(conditions), next }
  }
  const { channelKey, conditions, sendWindows, ...rest } = file
  const channel = channelOf(channels, file.channelType, channelKey)
  if (typeof channel === 'string') add([...at, 'channel_key'], channel)
  const reference = typeof channel === 'string' ? { key: '', id: '' } : channel
  return { ...rest, ...holding(conditions), ...(sendWindows !== null && { sendWindows }), channel: reference, next }
}

/** What is not there leaves no trace in a definition: its version stays what it was. */
function holding(conditions: ConditionGroup | null): { conditions?: ConditionGroup } {
  return conditions === null ? {} : { conditions }
}
