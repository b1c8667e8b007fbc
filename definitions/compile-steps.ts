import type { ConditionGroup } from '../conditions/conditions.ts'
import type { Channel } from './catalog.ts'
import { channelOf } from './channels-file.ts'
import type { Step } from './definition.ts'
import type { JsonPath } from './source.ts'
import type { StepFile } from './workflow-file.ts'

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

/** The steps of a workflow file as one flat list: each goes on to the index of the next. */
export function compileSteps(
  files: readonly StepFile[],
  channels: readonly Channel[],
  add: (at: JsonPath, message: string) => void,
): PlacedStep[] {
  const placed: PlacedStep[] = []
  layOut(files, { at: ['steps'], after: null }, { channels, add, placed })
  return placed
}

/** Lays a list of steps out from the end of `placed` on; the last of them goes on to `after`. */
function layOut(
  files: readonly StepFile[],
  { at, after }: { at: JsonPath; after: number | null },
  context: Context,
): void {
  files.forEach((file, index) => {
    const place = context.placed.length
    const next = index === files.length - 1 ? after : place + 1
    context.placed.push({ step: compile(file, next, [...at, index], context), at: [...at, index] })
  })
}

function compile(file: StepFile, next: number | null, at: JsonPath, { channels, add }: Context): Step {
  if (file.type === 'delay') {
    const { conditions, window, ...rest } = file
    return { ...rest, ...holding(conditions), ...(window !== null && { window }), next }
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
