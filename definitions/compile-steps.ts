import { kindOf } from '../steps/registry.ts'
import { holding, type ReadStep } from '../steps/step-file.ts'
import type { Channel } from './catalog.ts'
import type { ChannelRules } from './channel-groups.ts'
import { channelOf, groupOf } from './channels-file.ts'
import type { Step } from './step.ts'
import type { JsonPath } from './source.ts'

const MOST_STEPS = 100
const DEEPEST = 5

/** A step of a workflow file, with its place in the file. */
export interface PlacedStep {
  step: Step
  at: JsonPath
}

/** Is told of what cannot be, and of what says nothing. */
interface Report {
  add: (at: JsonPath, message: string) => void
  warn: (at: JsonPath, message: string) => void
}

interface Context extends Report {
  channels: readonly Channel[]
  rules: ChannelRules
  placed: PlacedStep[]
}

/**
 * The steps of a workflow file as one flat list: a step stands before the steps of its branches, and these before the
 * step after it, so that each goes on to later ones only.
 */
export function compileSteps(
  read: readonly ReadStep[],
  channels: readonly Channel[],
  rules: ChannelRules,
  report: Report,
): PlacedStep[] {
  if (sizeOf(read) > MOST_STEPS)
    report.add(['steps'], `a definition has at most ${MOST_STEPS} steps, those in branches included`)
  const placed: PlacedStep[] = []
  layOut(read, { at: ['steps'], after: null, depth: 0 }, { channels, rules, ...report, placed })
  return placed
}

interface Place {
  at: JsonPath
  /** Where the last of them goes on. */
  after: number | null
  depth: number
}

/** Lays a list of steps out from the end of `placed` on. */
function layOut(list: readonly ReadStep[], { at, after, depth }: Place, context: Context): void {
  list.forEach((given, index) => {
    const { conditions, idle = [], ...read } = given
    const here = [...at, index]
    for (const { at: within, message } of idle) context.warn([...here, ...within], message)
    const next = index === list.length - 1 ? after : context.placed.length + sizeOf([given])
    const branches = read.branches ?? []
    if (branches.length > 0 && depth === DEEPEST)
      context.add([...here, read.branchesField ?? 'branches'], `are nested deeper than ${DEEPEST} branches`)
    let first = context.placed.length + 1
    const targets = branches.map(({ steps, terminates }) => {
      const joined = terminates ? null : next
      const target = steps.length === 0 ? joined : first
      first += sizeOf(steps)
      return target
    })
    const compiled = kindOf(read.type).file.compile(read, {
      next,
      targets,
      channelOf: (type, key) => channelOf(context.channels, context.rules, type, key),
      groupOf: (type, key) => groupOf(context.rules, type, key),
      add: (within, message) => context.add([...here, ...within], message),
      warn: (within, message) => context.warn([...here, ...within], message),
    })
    context.placed.push({ step: { ...compiled, ...holding(conditions) }, at: here })
    for (const { steps, terminates, place } of branches) {
      const inner = [...here, read.branchesField ?? 'branches', place, 'steps']
      layOut(steps, { at: inner, after: terminates ? null : next, depth: depth + 1 }, context)
    }
  })
}

function sizeOf(list: readonly ReadStep[]): number {
  return list.reduce((sum, { branches = [] }) => {
    return sum + 1 + branches.reduce((total, { steps }) => total + sizeOf(steps), 0)
  }, 0)
}
