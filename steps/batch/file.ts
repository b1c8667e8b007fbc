import { z } from 'zod'
import type { BatchStep } from '../../definitions/step.ts'
import { dependent, object } from '../../definitions/fields.ts'
import { delayFor, delayPath, idleOf } from '../delay/file.ts'
import { keyField } from '../key-field.ts'
import { keptPath } from '../key-path.ts'
import { stepFields, type StepFile } from '../step-file.ts'

const SHOWN = 10

const whole = (least: number, most: number) =>
  z.int('must be a whole number').min(least, `must be ${least} or more`).max(most, `is more than ${most}`).nullish()

/** One of two names; absent, null and empty are the first. */
const either = <First extends string, Second extends string>(first: First, second: Second) =>
  z
    .literal(['', first, second], { error: `must be ${first} or ${second}` })
    .nullish()
    .transform((given): First | Second => (given === second ? second : first))

const [WINDOW, UNTIL, LIMIT] = ['batch_window', 'batch_until_field_path', 'batch_window_extension_limit'] as const
const shape = {
  batch_key: keyField(keptPath),
  batch_window: delayFor.optional(),
  batch_until_field_path: delayPath,
  batch_window_type: either('fixed', 'sliding'),
  batch_window_extension_limit: delayFor.optional(),
  batch_order: either('asc', 'desc'),
  batch_items_render_limit: whole(1, 100),
  batch_items_max_limit: whole(2, 1_000),
  batch_execution_mode: either('accumulate', 'flush_leading'),
  workflow_version_mode: either('pinned', 'latest'),
}
const settings = dependent(shape, (given, tell) => {
  const { duration, window } = given.batch_window ?? {}
  const limit = given.batch_window_extension_limit
  const until = given.batch_until_field_path
  const both = [WINDOW, UNTIL]
  if (!duration && !window && !until)
    tell(both, [], 'must have batch_window or batch_until_field_path: it would never close')
  if (window && until) tell(both, [WINDOW], 'is a window rule, which stands alone: leave batch_until_field_path out')
  if (duration && duration.value < 1 && !until) tell(both, [WINDOW, 'value'], 'must be 1 or more')
  if (duration?.value === 0 && until) tell(both, [WINDOW, 'value'], 'must not be 0')
  if (limit?.window) tell([], [LIMIT], 'must be a duration such as {"unit": "hours", "value": 3}')
  if (limit?.duration && limit.duration.value < 1) tell([], [LIMIT, 'value'], 'must be 1 or more')
})

const schema = object({ ...stepFields, type: z.literal('batch'), settings }).transform((file) => {
  const given = file.settings
  const isSliding = given.batch_window_type === 'sliding'
  const isIdle = !isSliding && given.batch_window_extension_limit?.duration !== undefined
  const message = 'is ignored: only a batch_window_type of sliding is extended'
  return {
    type: file.type,
    ref: file.ref,
    name: file.name ?? file.ref,
    conditions: file.conditions,
    batchKey: given.batch_key,
    windowFor: given.batch_window?.duration ?? null,
    windowUntil: given.batch_until_field_path,
    windowRule: given.batch_window?.window ?? null,
    isSliding,
    extensionLimit: (isSliding && given.batch_window_extension_limit?.duration) || null,
    order: given.batch_order,
    renderLimit: given.batch_items_render_limit ?? SHOWN,
    itemLimit: given.batch_items_max_limit ?? null,
    flushLeading: given.batch_execution_mode === 'flush_leading',
    versionMode: given.workflow_version_mode,
    idle: [...idleOf(WINDOW, given.batch_window), ...(isIdle ? [{ at: ['settings', LIMIT], message }] : [])],
  }
})

/** A batch step as workflow.json has it. What older files leave out is as Knock has it: fixed, asc, accumulate, pinned. */
export const batchFile: StepFile<BatchStep, z.output<typeof schema>> = {
  schema: () => schema,
  compile: (read, { next }) => ({ ...read, next }),
}
